"""How far a training is, live, and what came of it."""

import streamlit as st

from frontend.api.errors import ApiError, Conflict
from frontend.api.job_contract import Job
from frontend.components import session
from frontend.components.notices import show_error
from frontend.tables.models import job_columns, job_frame
from frontend.wording import describe_job, describe_stage

WATCHED = "watched_job"
ERROR = "retrain_error"


def show_progress() -> None:
    """Show the training of this visit or else the newest one, live while it runs, and the others on demand."""
    error = st.session_state.get(ERROR)
    if isinstance(error, Conflict):
        st.info("A training runs already, and one runs at a time. This is how far it is.", icon=":material/hourglass:")
    elif isinstance(error, ApiError):
        show_error(error)
    job = _watched()
    running = job is not None and not job.ended
    st.fragment(_live, run_every="1s" if running else None)()
    with st.popover("Trainings so far", icon=":material/list:"):
        _show_jobs()


def _watched() -> Job | None:
    """Return the job of this visit, or the newest there is."""
    if WATCHED not in st.session_state:
        try:
            st.session_state[WATCHED] = next(iter(session.client().jobs(1)), None)
        except ApiError:
            return None
    job = st.session_state[WATCHED]
    return job if isinstance(job, Job) else None


def _live() -> None:
    job = st.session_state.get(WATCHED)
    if not isinstance(job, Job):
        st.caption("No training yet. Start one; it takes a few seconds, and this shows how far it is.")
        return
    if not job.ended:
        try:
            job = session.client().job(job.job_id)
        except ApiError as error:
            st.warning(f"{error} Trying again.", icon=":material/sync_problem:")
        else:
            st.session_state[WATCHED] = job
            if job.ended:
                st.session_state.pop(ERROR, None)
                session.forget_models()
                st.rerun()
    if job.ended:
        _show_end(job)
    else:
        st.progress(job.progress, describe_stage(job))
        st.caption(f"Job `{job.job_id}`. You may leave this page; the training goes on.")


def _show_end(job: Job) -> None:
    title, detail = describe_job(job)
    if job.error is not None or job.status == "failed":
        st.error(detail, title=title, icon=":material/error:")
    elif job.promoted:
        st.success(detail, title=title, icon=":material/check_circle:")
    else:
        st.info(detail, title=title, icon=":material/info:")
    st.caption(f"Job `{job.job_id}`")


def _show_jobs() -> None:
    try:
        jobs = session.client().jobs()
    except ApiError as error:
        show_error(error)
        return
    if jobs:
        st.dataframe(
            job_frame(jobs),
            hide_index=True,
            column_config=job_columns(session.timezone()),
            key="jobs_table",
            alt="Trainings, newest first",
        )
    else:
        st.caption("There were none.")
