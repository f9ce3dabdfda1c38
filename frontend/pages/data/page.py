"""The page *Data*: a sample of what models are made from, and what the current model makes of it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend.api.batches import Outcome, classify_all
from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.loaded_history import forget_history
from frontend.components.notices import show_empty, show_error
from frontend.pages.data.sample import show_sample
from frontend.pages.data.sample_source import SAMPLE, ask_for_sample
from frontend.tables.animal_rows import AnimalRows
from frontend.wording import counted

OUTCOME = "data_outcome"


def show() -> None:
    """Lay the page out: which rows, the sample, and the model's view of it on demand."""
    st.title("Data", anchor=False)
    st.markdown("What training starts from: animals that nobody has labelled, and a few of no known species.")
    if ask_for_sample(session.data_service()):
        st.session_state.pop(OUTCOME, None)
    sample = st.session_state.get(SAMPLE)
    if isinstance(sample, ApiError):
        show_error(sample)
    elif isinstance(sample, AnimalRows) and sample.animals:
        _show(sample)
    else:
        show_empty("No rows yet", "Press Fetch; the same question always gives the same rows.", icon="🧺")


def _show(sample: AnimalRows) -> None:
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
