"""The page *Data*: a sample of what the data service hands out, and what the current model makes of it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend import session
from frontend.animal_rows import AnimalRows
from frontend.batches import Outcome, classify_all
from frontend.data_service import MAX_SAMPLE, DataService
from frontend.errors import ApiError
from frontend.history import forget_history
from frontend.job_contract import MAX_SEED
from frontend.notices import show_empty, show_error, steady_line
from frontend.sections.sample import show_sample
from frontend.settings import DATA_SERVICE_VARIABLE
from frontend.wording import counted

SAMPLE, OUTCOME = "data_sample", "data_outcome"


def show() -> None:
    """Lay the page out: which rows, the sample, and the model's view of it on demand."""
    st.title("Data", anchor=False)
    st.markdown("What training starts from: animals that nobody has labelled, and a few that are none of the four.")
    service = session.data_service()
    if service is None:
        show_empty(
            "No data service is known",
            f"`make up` says where it is. Otherwise set {DATA_SERVICE_VARIABLE} to its address and start again.",
            icon="🗺️",
        )
        return
    line = _ask(service)
    sample = st.session_state.get(SAMPLE)
    if isinstance(sample, ApiError):
        show_error(sample)
    elif isinstance(sample, AnimalRows) and sample.animals:
        _show(sample, line)
    else:
        show_empty("No rows yet", "Press Fetch; the same seed always gives the same rows.", icon="🧺")


def _ask(service: DataService) -> DeltaGenerator:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows = st.number_input(
            "Rows", 1, MAX_SAMPLE, 500, step=100, key="data_rows", persist_state="session", width=150
        )
        seed = st.number_input("Seed", 0, MAX_SEED, 42, key="data_seed", persist_state="session", width=150)
        fetch = st.button("Fetch", key="data_fetch", icon=":material/download:", type="primary")
    line = steady_line()
    if fetch:
        with line, st.spinner("Fetching rows …"):
            _fetch(service, seed, rows)
    return line


def _fetch(service: DataService, seed: int, rows: int) -> None:
    st.session_state.pop(OUTCOME, None)
    try:
        st.session_state[SAMPLE] = service.sample(seed, rows)
    except ApiError as error:
        st.session_state[SAMPLE] = error


def _show(sample: AnimalRows, line: DeltaGenerator) -> None:
    refused = f", {counted(len(sample.faults), 'row')} not usable" if sample.faults else ""
    line.caption(f"{counted(len(sample.animals), 'row')} fetched{refused}")
    outcome = st.session_state.get(OUTCOME, Outcome(sample.animals))
    if outcome.missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            ask = st.button(
                f"Ask the current model about {counted(outcome.missing, 'animal')}",
                key="data_classify",
                icon=":material/search:",
            )
            st.caption("Every answer is stored, as always: they will be in the history and in the monitor's figures.")
        bar = st.empty()
        if ask:
            _classify(outcome, bar)
            st.rerun()
    if outcome.error is not None:
        show_error(outcome.error)
    show_sample(sample.animals, outcome.predictions)


def _classify(asked: Outcome, bar: DeltaGenerator) -> None:
    def report(done: int, total: int) -> None:
        bar.progress(done / total, f"{done:,} of {total:,} classified and stored")

    st.session_state[OUTCOME] = classify_all(session.client(), asked, report)
    forget_history()


if __name__ == "__main__":
    show()
