"""The page *History*: every stored prediction, newest first."""

from zoneinfo import ZoneInfo

import streamlit as st

from frontend.api.errors import ApiError
from frontend.charts.species import species_count_chart, species_over_time_chart
from frontend.components import session
from frontend.components.answer_card import show_answer
from frontend.components.loaded_history import (
    History,
    Question,
    keep_history,
    kept_history,
    load_history,
)
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.pages.history.filters import ask_history
from frontend.pages.history.find_prediction import show_finder
from frontend.pages.history.paging import show_more
from frontend.species import UNKNOWN
from frontend.tables.predictions import column_configuration, prediction_frame, shown_frame
from frontend.wording import percent


def show() -> None:
    """Lay the page out: filters, figures, charts, table, and the row that was picked."""
    st.title("History", anchor=False)
    question = ask_history()
    if question is None:
        st.warning("The first day lies after the last one. Change one of them.", icon=":material/date_range:")
        return
    line = steady_line()
    outcome: History | ApiError | None = kept_history(question)
    if outcome is None:
        with line, st.spinner("Loading predictions …"):
            outcome = _load(question)
    if isinstance(outcome, ApiError):
        show_error(outcome)
        st.button("Try again", icon=":material/refresh:", type="primary")
    elif outcome.items:
        line.caption(f"Newest first, loaded {_clock(outcome)}")
        _show_history(outcome)
    else:
        _show_nothing(outcome)
    show_finder()


def _load(question: Question) -> History | ApiError:
    """Load the newest rows and keep them, or return what went wrong."""
    try:
        history = load_history(session.client(), question)
    except ApiError as error:
        session.forget_health()
        return error
    keep_history(history)
    return history


def _show_history(history: History) -> None:
    timezone = session.timezone()
    frame = prediction_frame(history.items)
    with st.grid(3, min_column_width=130):
        st.metric("Loaded", f"{len(frame)}{'+' if history.next_cursor else ''}", border=True)
        st.metric("Confidence", percent(frame["confidence"].mean()), border=True)
        st.metric("Unknown", percent((frame["species"] == UNKNOWN).mean()), border=True)
    counts, over_time = st.columns([2, 3], gap="medium")
    with counts, st.container(border=True):
        st.markdown("**By species**")
        st.altair_chart(species_count_chart(frame), key="history_counts", alt="Predictions by species")
    with over_time, st.container(border=True):
        st.markdown("**Over time**")
        st.altair_chart(
            species_over_time_chart(frame, timezone), key="history_over_time", alt="Predictions over time by species"
        )
    picked = st.dataframe(
        shown_frame(frame),
        hide_index=True,
        column_config=column_configuration(timezone),
        on_select="rerun",
        selection_mode="single-row",
        key=f"history_table_{history.loaded_at.timestamp()}",
        alt="Stored predictions, newest first",
    )
    show_more(history)
    for row in picked["selection"]["rows"]:
        if row < len(history.items):
            show_answer(history.items[row], key="history_picked")
    if not picked["selection"]["rows"]:
        st.caption("Tick a row to see its probabilities, and to say what the animal really was.")


def _show_nothing(history: History) -> None:
    if history.next_cursor is not None:
        show_empty("Nothing found so far", "There are older predictions to look through: press Show more.", icon="🔭")
        show_more(history)
    elif history.question == Question():
        show_empty("No predictions yet", "Classify an animal first; it will be the first line here.", icon="🐾")
        st.page_link("pages/predict/page.py", label="Classify an animal", icon=":material/pets:")
    else:
        show_empty("Nothing matches", "Choose other days or another species, or clear the filters.", icon="🔭")


def _clock(history: History) -> str:
    zone = session.timezone()
    return f"{history.loaded_at.astimezone(ZoneInfo(zone)):%H:%M:%S} {zone}"


if __name__ == "__main__":
    show()
