"""The page *Data*: a sample of the rows that models are trained from, and how the current model classifies them."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend.api.batches import Outcome, classify_all
from frontend.api.errors import ApiError
from frontend.api.settings import DATA_SERVICE_VARIABLE
from frontend.charts.animals import animal_frame, kinds_chart, scatter_chart, spread_chart
from frontend.charts.predictions import species_count_chart
from frontend.components import session
from frontend.components.loaded_history import forget_history
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.tables.animal_rows import AnimalRows
from frontend.tables.data_service import MAX_SAMPLE, MAX_SEED, DataService
from frontend.wording import counted, percent
from menagerie.animal import Animal
from menagerie.prediction import Prediction

OUTCOME = "data_outcome"
SAMPLE, TOLD = "data_sample", "data_told"
FRESH, TRAINING = "fresh", "training"
_LABELS = {FRESH: "The data service", TRAINING: "The current model's training"}
# What the API answers at once.
MAX_TRAINING_ROWS = 5_000


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
    return AnimalRows(found.items), f"of the {found.total:,} that the current model was made from"


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


def show_sample(animals: list[Animal], predictions: list[Prediction]) -> None:
    """Show animals, coloured by the species the model named where it was asked."""
    frame = animal_frame(animals, predictions)
    with st.container(border=True):
        st.markdown("**Height against weight**")
        st.altair_chart(scatter_chart(frame), key="data_scatter", alt="Height against weight, both logarithmic")
        if predictions:
            st.caption(
                f"Crosses are outliers: {percent(frame['outlier'].mean())} of the animals are none of the known "
                "species to the model. Both axes are logarithmic."
            )
        else:
            st.caption("Both axes are logarithmic. Ask the model, and the animals take the colours of their species.")
    heights, weights = st.columns(2, gap="medium")
    for place, field, title in ((heights, "height", "Heights"), (weights, "weight", "Weights")):
        with place, st.container(border=True):
            st.markdown(f"**{title}**")
            st.altair_chart(spread_chart(frame, field), key=f"data_{field}", alt=f"{title} by species, logarithmic")
    counts, kinds = st.columns(2, gap="medium")
    if predictions:
        with counts, st.container(border=True):
            st.markdown("**By species**")
            st.altair_chart(species_count_chart(frame), key="data_counts", alt="Animals by species")
    with kinds if predictions else counts, st.container(border=True):
        st.markdown("**Legs, wings and tail**")
        st.altair_chart(kinds_chart(frame), key="data_kinds", alt="Animals by legs, wings and tail")


if __name__ == "__main__":
    show()
