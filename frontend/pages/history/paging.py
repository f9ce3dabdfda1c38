"""Older predictions on demand, a page or all of them, and what is loaded as a file."""

import streamlit as st

from frontend.api.errors import ApiError
from frontend.components import session
from frontend.components.loaded_history import MOST_ROWS, History, keep_history, load_all, load_more
from frontend.components.notices import show_error, steady_line
from frontend.tables.exports import predictions_csv
from frontend.wording import counted


def show_more(history: History) -> None:
    """Offer the next page, all pages, and the file."""
    more = history.next_cursor is not None
    error = None
    with st.container(horizontal=True, vertical_alignment="center"):
        one = more and st.button("Show more", icon=":material/expand_more:", key="history_more")
        every = more and st.button(
            "Load all",
            icon=":material/vertical_align_bottom:",
            key="history_all",
            help=f"Everything that the filters match, up to {counted(MOST_ROWS, 'prediction')}.",
        )
        if history.items:
            st.download_button(
                "Download",
                lambda: predictions_csv(history.items),
                "predictions.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="What is loaded, as a CSV file.",
            )
        line = steady_line()
    if one or every:
        with line, st.spinner("Loading older predictions …"):
            error = _load(history, everything=every)
        if error is None:
            st.rerun()
    line.caption(_how_far(history))
    if error is not None:
        show_error(error)


def _how_far(history: History) -> str:
    if history.question.model_version is None:
        return "There are older ones." if history.next_cursor else "These are all."
    # The API has no filter by model, so it is told how far this page has looked.
    looked = f"Looked through {counted(history.looked_through, 'prediction')} of all models"
    return f"{looked}, there are older ones." if history.next_cursor else f"{looked}, these are all of this one."


def _load(history: History, *, everything: bool) -> ApiError | None:
    """Keep the history with what follows, or return what went wrong."""
    bar = st.empty()

    def report(loaded: History) -> None:
        keep_history(loaded)
        bar.caption(f"{counted(len(loaded.items), 'prediction')} so far …")

    try:
        if everything:
            load_all(session.client(), history, report)
        else:
            keep_history(load_more(session.client(), history))
    except ApiError as error:
        session.forget_health()
        return error
    return None
