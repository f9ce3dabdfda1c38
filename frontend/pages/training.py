"""The part of the page *Models* that starts a training and shows its progress."""

from typing import Any, get_args

import streamlit as st
from pydantic import ValidationError

from frontend.api.data_service import MAX_SEED
from frontend.api.errors import ApiError, Conflict, Rejected
from frontend.components import session
from frontend.components.notices import show_error
from frontend.tables.models import job_columns, job_frame
from frontend.wording import describe_job, describe_stage
from menagerie.job import (
    MAX_DATAPOINTS,
    DataServiceSource,
    DatasetSource,
    FeedbackSource,
    Job,
    PromotionRule,
    TrainingRequest,
)

_SOURCES = {"data-service": DataServiceSource, "feedback": FeedbackSource, "dataset": DatasetSource}
_SOURCE_LABELS = {
    "data-service": "New rows from the data service",
    "feedback": "Rows of the current model, with feedback",
    "dataset": "CSV file in the models bucket",
}
_RULE_LABELS = {
    "if-better": "If it is not worse than the current model",
    "always": "Always",
    "never": "Never",
}
WATCHED = "watched_job"
ERROR = "retrain_error"


def show_retraining() -> None:
    """Lay out the form of a request on the left and the progress of the job on the right."""
    form_side, job_side = st.columns(2, gap="medium")
    with form_side, st.container(border=True):
        kind, values, promote = _show_form()
        if st.button("Start training", key="retrain", icon=":material/model_training:", type="primary"):
            _start(kind, values, promote)
    with job_side, st.container(border=True):
        st.markdown("**Training**")
        _show_progress()


def _show_form() -> tuple[str, dict[str, Any], PromotionRule]:
    """Return the kind of source, its fields, and when to promote the new model."""
    kind = st.selectbox(
        "Train from",
        list(_SOURCES),
        format_func=lambda kind: _SOURCE_LABELS[kind],
        key="retrain_source",
        persist_state="session",
    )
    values: dict[str, Any] = {}
    if kind == "data-service":
        with st.container(horizontal=True):
            values["number_of_datapoints"] = st.number_input(
                "Rows", 100, MAX_DATAPOINTS, 1000, step=500, key="retrain_rows", persist_state="session"
            )
            values["seed"] = st.number_input(
                "Seed",
                0,
                MAX_SEED,
                7,
                key="retrain_seed",
                persist_state="session",
                help="The same seed returns the same rows.",
            )
    elif kind == "dataset":
        key = st.text_input(
            "Key of the file", placeholder="datasets/animals.csv", key="retrain_key", persist_state="session"
        )
        values["key"] = key.strip()
    promote = st.selectbox(
        "Promote the new model",
        get_args(PromotionRule),
        format_func=lambda rule: _RULE_LABELS[rule],
        key="retrain_promote",
        persist_state="session",
    )
    return kind, values, promote


def _start(kind: str, values: dict[str, Any], promote: PromotionRule) -> None:
    st.session_state.pop(ERROR, None)
    try:
        request = TrainingRequest(source=_SOURCES[kind](**values), promote=promote)
    except ValidationError as error:
        st.session_state[ERROR] = Rejected.of(error)
        return
    try:
        with st.spinner("Starting a training …"):
            st.session_state[WATCHED] = session.client().retrain(request)
    except Conflict as error:
        # Another training is running; the page shows its progress instead.
        st.session_state.pop(WATCHED, None)
        st.session_state[ERROR] = error
    except ApiError as error:
        st.session_state[ERROR] = error
        session.clear_health()


def _show_progress() -> None:
    """Show the job of this session or else the newest one, live while it runs, and a list of all jobs."""
    error = st.session_state.get(ERROR)
    if isinstance(error, Conflict):
        st.info(
            "Another training is running, and only one can run at a time. This is its progress.",
            icon=":material/hourglass:",
        )
    elif isinstance(error, ApiError):
        show_error(error)
    job = _watched_job()
    running = job is not None and not job.ended
    st.fragment(_live, run_every="1s" if running else None)()
    with st.popover("All trainings", icon=":material/list:"):
        _show_jobs()


def _watched_job() -> Job | None:
    """Return the job of this session, or the newest one."""
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
        st.caption("No training yet. Start one; it takes a few seconds, and its progress is shown here.")
        return
    if not job.ended:
        try:
            job = session.client().job(job.job_id)
        except ApiError as error:
            st.warning(f"{error} Retrying.", icon=":material/sync_problem:")
        else:
            st.session_state[WATCHED] = job
            if job.ended:
                st.session_state.pop(ERROR, None)
                session.clear_models()
                st.rerun()
    if job.ended:
        _show_end(job)
    else:
        st.progress(job.progress, describe_stage(job))
        st.caption(f"Job `{job.job_id}`. The training continues if you leave this page.")


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
        st.caption("No trainings yet.")
