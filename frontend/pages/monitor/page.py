"""The page *Monitor*: what the model answers over time, whether its inputs drift, what the cloud counts, how fast."""

import pandas as pd
import streamlit as st

from frontend.api.errors import ApiError
from frontend.charts.monitor import activity_chart, confidence_chart, species_share_chart
from frontend.components import session
from frontend.components.loaded_history import History, Question, load_newest
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.pages.monitor.cloud_metrics import show_cloud_metrics
from frontend.pages.monitor.input_drift import show_drift
from frontend.pages.monitor.latency import show_latency
from frontend.species import UNKNOWN
from frontend.tables.predictions import prediction_frame
from frontend.wording import counted, percent

KEPT = "monitored"
WINDOWS = (1_000, 5_000, 10_000, 20_000)


def show() -> None:
    """Lay the page out: figures and charts of the newest predictions, their drift, and the API's latency."""
    st.title("Monitor", anchor=False)
    st.markdown("What the model answers, whether it is still asked what it was trained for, and how fast the API is.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        most = st.selectbox(
            "Newest predictions",
            WINDOWS,
            format_func=lambda rows: counted(rows, "prediction"),
            key="monitor_window",
            persist_state="session",
            width=220,
        )
        refresh = st.button("Refresh", icon=":material/refresh:", key="monitor_refresh")
    line = steady_line()
    with line, st.spinner("Loading predictions …"):
        outcome = _load(most, refresh=refresh)
    if isinstance(outcome, ApiError):
        show_error(outcome)
        st.button("Try again", icon=":material/refresh:", type="primary")
    elif outcome.items:
        line.caption(f"The newest {counted(len(outcome.items), 'prediction')}")
        _show_predictions(outcome)
        show_drift(outcome.items)
    else:
        show_empty("Nothing to watch yet", "Classify some animals first; the Data page has plenty.", icon="📈")
        st.page_link("pages/data/page.py", label="Get some animals", icon=":material/scatter_plot:")
    show_cloud_metrics(refresh=refresh)
    show_latency()


def _load(most: int, *, refresh: bool) -> History | ApiError:
    """Return what is kept if it is enough, otherwise ask for what it lacks and keep that."""
    kept = st.session_state.get(KEPT)
    kept = kept if isinstance(kept, History) else History(Question())
    enough = len(kept.items) >= most or (kept.items and kept.next_cursor is None)
    if enough and not refresh:
        return History(kept.question, kept.items[:most], kept.next_cursor, kept.loaded_at)
    told = st.empty()

    def report(rows: int) -> None:
        told.progress(min(rows / most, 1.0), f"{counted(rows, 'prediction')} so far …")

    try:
        loaded = load_newest(session.client(), kept, most, report)
    except ApiError as error:
        session.forget_health()
        return error
    finally:
        told.empty()
    st.session_state[KEPT] = loaded
    return History(loaded.question, loaded.items[:most], loaded.next_cursor, loaded.loaded_at)


def _show_predictions(history: History) -> None:
    zone = session.timezone()
    frame = prediction_frame(history.items)
    frame["request"] = frame["id"].str.rpartition("-")[0]
    told = frame["feedback"].notna()
    with st.grid(4, min_column_width=130):
        st.metric("Requests", f"{frame['request'].nunique():,}", border=True)
        st.metric("Confidence", percent(frame["confidence"].mean()), border=True)
        st.metric("Unknown", percent((frame["species"] == UNKNOWN).mean()), border=True)
        st.metric(
            "Confirmed",
            _share_right(frame[told]),
            border=True,
            help=f"Of the {int(told.sum())} answers about which somebody said what the animal really was.",
        )
    charts = (
        ("Requests over time", activity_chart(frame, zone, "requests", "Requests"), "requests"),
        ("Predictions over time", activity_chart(frame, zone, "predictions", "Predictions"), "predictions"),
        ("Species mix over time", species_share_chart(frame, zone), "mix"),
        ("Confidence over time", confidence_chart(frame, zone), "confidence"),
    )
    with st.grid(2, min_column_width=300):
        for title, chart, key in charts:
            with st.container(border=True):
                st.markdown(f"**{title}**")
                st.altair_chart(chart, key=f"monitor_{key}", alt=title)
    st.caption("Confidence: the line is the mean; a tenth of the answers are less sure than the dashes.")


def _share_right(told: pd.DataFrame) -> str:
    return percent((told["feedback"] == told["species"]).mean()) if len(told) else "?"


if __name__ == "__main__":
    show()
