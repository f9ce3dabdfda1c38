"""Where a sample of animals comes from: fresh from the data service, or what the current model was made from."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.api.job_contract import MAX_SEED
from frontend.api.settings import DATA_SERVICE_VARIABLE
from frontend.components import session
from frontend.components.notices import steady_line
from frontend.tables.animal_rows import AnimalRows
from frontend.tables.data_service import MAX_SAMPLE, DataService
from frontend.wording import counted

SAMPLE, TOLD = "data_sample", "data_told"
FRESH, TRAINING = "fresh", "training"
_LABELS = {FRESH: "The data service", TRAINING: "The current model's training"}
# What the API answers at once.
MAX_TRAINING_ROWS = 5_000


def ask_for_sample(service: DataService | None) -> bool:
    """Lay out the question and say what came; return whether something was just fetched.

    What was fetched, or why it could not be, is kept as `SAMPLE`; without a data service there is training alone.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            "Rows of",
            [FRESH, TRAINING] if service else [TRAINING],
            format_func=lambda name: _LABELS[name],
            key="data_source",
            persist_state="session",
            width=250,
            help=None if service else f"Set {DATA_SERVICE_VARIABLE} to the data service's address to get fresh rows.",
        )
        most = MAX_SAMPLE if source == FRESH else MAX_TRAINING_ROWS
        rows = st.number_input(
            "Rows", 1, most, 500, step=100, key=f"data_rows_{source}", persist_state="session", width=150
        )
        seed = 0
        if source == FRESH:
            seed = st.number_input("Seed", 0, MAX_SEED, 42, key="data_seed", persist_state="session", width=150)
        fetch = st.button("Fetch", key="data_fetch", icon=":material/download:", type="primary")
    line = steady_line()
    if fetch:
        with line, st.spinner("Fetching rows …"):
            _fetch(service if source == FRESH else None, seed, rows)
    line.caption(st.session_state.get(TOLD, ""))
    return fetch


def _fetch(service: DataService | None, seed: int, rows: int) -> None:
    st.session_state.pop(TOLD, None)
    try:
        sample, of = _fresh(service, seed, rows) if service else _training(rows)
    except ApiError as error:
        st.session_state[SAMPLE] = error
        return
    st.session_state[SAMPLE] = sample
    refused = f", {counted(len(sample.faults), 'row')} not usable" if sample.faults else ""
    st.session_state[TOLD] = f"{counted(len(sample.animals), 'row')} {of}{refused}"


def _fresh(service: DataService, seed: int, rows: int) -> tuple[AnimalRows, str]:
    return service.sample(seed, rows), "fetched"


def _training(rows: int) -> tuple[AnimalRows, str]:
    found = session.client().training_rows("current", rows)
    return AnimalRows(found.animals), f"of the {found.total:,} that the current model was made from"
