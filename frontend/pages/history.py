"""The page *History*: every stored prediction, newest first."""

from zoneinfo import ZoneInfo

import streamlit as st

from frontend.api.errors import ApiError, NotFound
from frontend.charts.predictions import species_count_chart, species_over_time_chart
from frontend.components import session
from frontend.components.answer_card import show_answer
from frontend.components.loaded_history import (
    MAX_ROWS_LOADED,
    Filters,
    History,
    cache_history,
    cached_history,
    clear_history,
    load_all,
    load_history,
    load_more,
)
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.tables.predictions import column_configuration, prediction_frame, predictions_csv, shown_frame
from frontend.wording import counted, describe_version, number, percent, with_icon
from menagerie.animal import CLASSES, Species
from menagerie.prediction import Prediction

FIND_ID, FOUND = "find_id", "find_outcome"


def show() -> None:
    """Lay out the filters, the figures, the charts, the table, the selected row and the search by id."""
    st.title("History", anchor=False)
    filters = _show_filters()
    if filters is None:
        st.warning("The first day is after the last day. Change one of them.", icon=":material/date_range:")
        return
    line = steady_line()
    outcome: History | ApiError | None = cached_history(filters)
    if outcome is None:
        with line, st.spinner("Loading predictions …"):
            outcome = _load(filters)
    if isinstance(outcome, ApiError):
        show_error(outcome)
        st.button("Try again", icon=":material/refresh:", type="primary")
    elif outcome.items:
        line.caption(f"Newest first, loaded {_clock(outcome)}")
        _show_history(outcome)
    else:
        _show_nothing(outcome)
    _show_search_by_id()


def _show_filters() -> Filters | None:
    """Return the selected filters, None if the days are in the wrong order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        species = st.selectbox(
            "Species",
            CLASSES,
            index=None,
            format_func=with_icon,
            placeholder="All species",
            key="history_species",
            persist_state="session",
            width=165,
        )
        model = st.selectbox(
            "Model",
            _known_versions(),
            index=None,
            format_func=describe_version,
            placeholder="All models",
            key="history_model",
            persist_state="session",
            width=190,
        )
        first = st.date_input("From", None, format="YYYY-MM-DD", key="history_from", persist_state="session", width=140)
        last = st.date_input("To", None, format="YYYY-MM-DD", key="history_to", persist_state="session", width=140)
        st.button("Refresh", icon=":material/refresh:", on_click=clear_history)
    if first and last and first > last:
        return None
    return Filters.for_days(species, first, last, session.timezone(), model)


def _known_versions() -> list[str]:
    try:
        return [model.version for model in session.models().items]
    except ApiError:
        # The page itself shows the error; a filter that was set stays.
        kept = st.session_state.get("history_model")
        return [kept] if kept else []


def _load(filters: Filters) -> History | ApiError:
    """Load the newest rows and keep them, or return the error."""
    try:
        history = load_history(session.client(), filters)
    except ApiError as error:
        session.clear_health()
        return error
    cache_history(history)
    return history


def _show_history(history: History) -> None:
    timezone = session.timezone()
    frame = prediction_frame(history.items)
    with st.grid(3, min_column_width=130):
        st.metric("Loaded", f"{number(len(frame))}{'+' if history.next_cursor else ''}", border=True)
        st.metric("Mean confidence", percent(frame["confidence"].mean()), border=True)
        st.metric("Unknown", percent((frame["species"] == Species.UNKNOWN).mean()), border=True)
    counts, over_time = st.columns([2, 3], gap="medium")
    with counts, st.container(border=True):
        st.markdown("**By species**")
        st.altair_chart(species_count_chart(frame), key="history_counts", alt="Predictions by species")
    with over_time, st.container(border=True):
        st.markdown("**Over time**")
        st.altair_chart(
            species_over_time_chart(frame, timezone), key="history_over_time", alt="Predictions over time by species"
        )
    selected = st.dataframe(
        shown_frame(frame),
        hide_index=True,
        column_config=column_configuration(timezone),
        on_select="rerun",
        selection_mode="single-row",
        key=f"history_table_{history.loaded_at.timestamp()}",
        alt="Stored predictions, newest first",
    )
    _show_more(history)
    for row in selected["selection"]["rows"]:
        if row < len(history.items):
            show_answer(history.items[row], key="history_picked")
    if not selected["selection"]["rows"]:
        st.caption("Select a row to see its probabilities and to enter the true species.")


def _show_nothing(history: History) -> None:
    if history.next_cursor is not None:
        show_empty("No matches so far", "There are older predictions to search: press Show more.", icon="🔭")
        _show_more(history)
    elif history.filters == Filters():
        show_empty("No predictions yet", "Classify an animal first; it will be listed here.", icon="🐾")
        st.page_link("predict.py", label="Classify an animal", icon=":material/pets:")
    else:
        show_empty(
            "No predictions match the filters", "Select other days or another species, or clear the filters.", icon="🔭"
        )


def _show_more(history: History) -> None:
    """Offer the next page, all pages, and the loaded rows as a file."""
    more = history.next_cursor is not None
    error = None
    with st.container(horizontal=True, vertical_alignment="center"):
        one = more and st.button("Show more", icon=":material/expand_more:", key="history_more")
        every = more and st.button(
            "Load all",
            icon=":material/vertical_align_bottom:",
            key="history_all",
            help=f"All predictions that match the filters, at most {counted(MAX_ROWS_LOADED, 'prediction')}.",
        )
        if history.items:
            st.download_button(
                "Download",
                lambda: predictions_csv(history.items),
                "predictions.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="The loaded predictions as a CSV file.",
            )
        line = steady_line()
    if one or every:
        with line, st.spinner("Loading older predictions …"):
            error = _load_older(history, everything=every)
        if error is None:
            st.rerun()
    line.caption(_describe_end(history))
    if error is not None:
        show_error(error)


def _load_older(history: History, *, everything: bool) -> ApiError | None:
    """Keep the history with the rows that follow, or return the error."""
    bar = st.empty()

    def report(loaded: History) -> None:
        cache_history(loaded)
        bar.caption(f"{counted(len(loaded.items), 'prediction')} loaded …")

    try:
        if everything:
            load_all(session.client(), history, report)
        else:
            cache_history(load_more(session.client(), history))
    except ApiError as error:
        session.clear_health()
        return error
    return None


def _describe_end(history: History) -> str:
    """Describe whether there are older rows, and how many were searched if a model is selected."""
    if history.filters.model_version is None:
        return "There are older predictions." if history.next_cursor else "All predictions are loaded."
    searched = f"Searched {counted(history.searched, 'prediction')} of all models"
    return f"{searched}; there are older ones." if history.next_cursor else f"{searched}, which are all."


def _show_search_by_id() -> None:
    """Lay out the field for an id and the prediction that has it."""
    with st.expander("Find a prediction by its id", icon=":material/search:"):
        with st.form("find", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            prediction_id = st.text_input(
                "Prediction id", key=FIND_ID, placeholder="01KG9YS7G0D4HAWTBSEDNRP5HY-0", persist_state="session"
            )
            sent = st.form_submit_button("Find", icon=":material/search:")
        if sent and prediction_id.strip():
            with st.spinner("Searching …"):
                st.session_state[FOUND] = _find(prediction_id.strip())
        match st.session_state.get(FOUND):
            case Prediction() as prediction:
                show_answer(prediction, key="found", on_saved=_keep_found)
            case NotFound():
                st.info("There is no prediction with this id.", icon=":material/search_off:")
            case ApiError() as error:
                show_error(error)


def _find(prediction_id: str) -> Prediction | ApiError:
    try:
        return session.client().prediction(prediction_id)
    except NotFound as error:
        return error
    except ApiError as error:
        session.clear_health()
        return error


def _keep_found(prediction: Prediction) -> None:
    st.session_state[FOUND] = prediction


def _clock(history: History) -> str:
    zone = session.timezone()
    return f"{history.loaded_at.astimezone(ZoneInfo(zone)):%H:%M:%S} {zone}"


if __name__ == "__main__":
    show()
