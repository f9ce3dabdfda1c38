"""The page *Data*: a sample of the rows that models are trained from, and how the current model classifies them."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend.api.batches import Outcome, classify_all
from frontend.api.data_service import MAX_SAMPLE, MAX_SEED, AnimalRows, DataService
from frontend.api.errors import ApiError
from frontend.api.settings import DATA_SERVICE_VARIABLE
from frontend.charts.animals import (
    DISCRETE,
    MEASURES,
    animal_frame,
    combinations_chart,
    distribution_chart,
    scatter_chart,
)
from frontend.charts.predictions import species_count_chart
from frontend.components import session
from frontend.components.loaded_history import clear_history
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.wording import counted, joined, number, percent
from menagerie.animal import Animal
from menagerie.prediction import Prediction

SAMPLE, SUMMARY, OUTCOME = "data_sample", "data_summary", "data_outcome"
FRESH, TRAINING = "fresh", "training"
_SOURCES = {FRESH: "Data service", TRAINING: "Training of the current model"}
# The most that the API returns in one response.
MAX_TRAINING_ROWS = 5_000


def show() -> None:
    """Lay out the request for a sample, its charts, and the button that classifies it."""
    st.title("Data", anchor=False)
    st.markdown("Models are trained from rows like these: animals without labels, some of them of no known species.")
    if _request_sample(session.data_service()):
        st.session_state.pop(OUTCOME, None)
    sample = st.session_state.get(SAMPLE)
    if isinstance(sample, ApiError):
        show_error(sample)
    elif isinstance(sample, AnimalRows) and sample.animals:
        _show_sample(sample)
    else:
        show_empty("No rows yet", "Press Fetch. The same seed always returns the same rows.", icon="🧺")


def _request_sample(service: DataService | None) -> bool:
    """Lay out the request and its summary; return whether a sample was just fetched.

    The sample, or the error, is stored as `SAMPLE`. Without a data service only rows of training can be requested.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            "Source",
            [FRESH, TRAINING] if service else [TRAINING],
            format_func=lambda name: _SOURCES[name],
            key="data_source",
            persist_state="session",
            width=250,
            help=None if service else f"To fetch new rows, set {DATA_SERVICE_VARIABLE} to the data service's address.",
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
    line.caption(st.session_state.get(SUMMARY, ""))
    return fetch


def _fetch(service: DataService | None, seed: int, rows: int) -> None:
    st.session_state.pop(SUMMARY, None)
    try:
        sample, origin = _fetch_fresh(service, seed, rows) if service else _fetch_training(rows)
    except ApiError as error:
        st.session_state[SAMPLE] = error
        return
    st.session_state[SAMPLE] = sample
    refused = f"; {counted(len(sample.refusals), 'invalid row')} left out" if sample.refusals else ""
    st.session_state[SUMMARY] = f"{counted(len(sample.animals), 'row')} {origin}{refused}"


def _fetch_fresh(service: DataService, seed: int, rows: int) -> tuple[AnimalRows, str]:
    return service.sample(seed, rows), "from the data service"


def _fetch_training(rows: int) -> tuple[AnimalRows, str]:
    found = session.client().training_rows("current", rows)
    return AnimalRows(found.items), f"of the {number(found.total)} that the current model was trained from"


def _show_sample(sample: AnimalRows) -> None:
    outcome = st.session_state.get(OUTCOME, Outcome(sample.animals))
    if outcome.missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            classify = st.button(
                f"Classify {counted(outcome.missing, 'animal')}",
                key="data_classify",
                icon=":material/search:",
                help="The current model classifies the sample.",
            )
            st.caption("The predictions are stored: History and Monitor include them.")
        bar = st.empty()
        if classify:
            _classify(outcome, bar)
            st.rerun()
    if outcome.error is not None:
        show_error(outcome.error)
    _show_charts(sample.animals, outcome.predictions)


def _classify(outcome: Outcome, bar: DeltaGenerator) -> None:
    def report(done: int, total: int) -> None:
        bar.progress(done / total, f"{number(done)} of {number(total)} classified and stored")

    st.session_state[OUTCOME] = classify_all(session.client(), outcome, report)
    clear_history()


def _show_charts(animals: list[Animal], predictions: list[Prediction]) -> None:
    """Show animals, coloured by the predicted species where there is a prediction."""
    frame = animal_frame(animals, predictions)
    down, across = MEASURES[:2]
    title = f"{down.label} against {across.label.lower()}"
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.altair_chart(scatter_chart(frame, down, across), key="data_scatter", alt=f"{title}, both logarithmic")
        if predictions:
            st.caption(
                f"Crosses are outliers: the model classified {percent(frame['outlier'].mean())} of the animals as "
                "unknown. Both axes are logarithmic."
            )
        else:
            st.caption("Both axes are logarithmic. Classify the animals to colour them by species.")
    with st.grid(2, min_column_width=300):
        for measure in MEASURES:
            with st.container(border=True):
                st.markdown(f"**{measure.label}**")
                alt = f"Distribution of {measure.label.lower()} by species, logarithmic"
                st.altair_chart(distribution_chart(frame, measure), key=f"data_{measure.name}", alt=alt)
        if predictions:
            with st.container(border=True):
                st.markdown("**By species**")
                st.altair_chart(species_count_chart(frame), key="data_counts", alt="Animals by species")
        with st.container(border=True):
            discrete = joined([feature.label.lower() for feature in DISCRETE], "and").capitalize()
            st.markdown(f"**{discrete}**")
            st.altair_chart(combinations_chart(frame), key="data_combinations", alt=f"Animals by {discrete.lower()}")


if __name__ == "__main__":
    show()
