"""What the cloud itself counted, from CloudWatch: runs, errors and latency of every function over time."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from frontend.api.errors import ApiError
from frontend.api.metrics_contract import API, FUNCTIONS, CloudMetrics
from frontend.charts.cloud import runs_chart, times_chart, troubles_chart, troubles_frame
from frontend.components import session
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.wording import counted

KEPT = "cloud_metrics"
# CloudWatch itself is a minute or two behind.
KEPT_FOR = timedelta(seconds=30)
# How long, and in steps of how many seconds: some sixty bars fit a phone.
SPANS = {
    "The last hour": (timedelta(hours=1), 60),
    "The last 6 hours": (timedelta(hours=6), 600),
    "The last 24 hours": (timedelta(hours=24), 1800),
    "The last 15 days": (timedelta(days=15), 21600),
}


def show_cloud_metrics(*, refresh: bool) -> None:
    """Show what CloudWatch has of a stretch of time that the visitor picks; `refresh` asks it anew."""
    st.subheader("What the cloud counts", anchor=False)
    span = st.selectbox(
        "From CloudWatch",
        list(SPANS),
        key="cloud_span",
        persist_state="session",
        width=220,
        help="Runs of the functions and requests to the API, as the cloud itself counts and times them: "
        "without the way through the network.",
    )
    line = steady_line()
    with line, st.spinner("Asking CloudWatch …"):
        outcome = _load(span, refresh=refresh)
    if isinstance(outcome, ApiError):
        line.empty()
        show_error(outcome)
    elif any(each.points for each in outcome.series):
        line.caption(f"In steps of {_length(outcome.period_s)}")
        _show_figures(outcome)
        _show_charts(outcome)
    else:
        line.empty()
        show_empty(
            "Nothing was counted in this time",
            "A request is counted within a minute or two. Classify an animal and refresh, or look further back. "
            "The embedded cloud counts no requests, only trainings and `menagerie invoke`.",
            icon="🕰️",
        )


def _load(span: str, *, refresh: bool) -> CloudMetrics | ApiError:
    kept = st.session_state.get(KEPT)
    now = datetime.now(UTC)
    if kept is not None and kept[0] == span and now - kept[2] < KEPT_FOR and not refresh:
        metrics: CloudMetrics = kept[1]
        return metrics
    try:
        length, period_s = SPANS[span]
        metrics = session.client().metrics(now - length, now, period_s)
    except ApiError as error:
        session.forget_health()
        return error
    st.session_state[KEPT] = (span, metrics, now)
    return metrics


def _show_figures(metrics: CloudMetrics) -> None:
    failed, throttled = (sum(metrics.total(name, what) for name in FUNCTIONS) for what in ("Errors", "Throttles"))
    figures = (
        ("Runs of predict", metrics.total("predict", "Invocations"), "Requests to classify, to read and to list."),
        ("Trainings", metrics.total("train", "Invocations"), "Runs of the training job."),
        ("Errors (5xx)", metrics.total(API, "5XXError"), "Requests that the API answered with an error."),
        ("Runs that failed", failed, f"Of all functions; {throttled:,} more were throttled and did not run."),
    )
    with st.grid(4, min_column_width=130):
        for label, value, meaning in figures:
            st.metric(label, f"{value:,}", border=True, help=meaning)


def _show_charts(metrics: CloudMetrics) -> None:
    zone = session.timezone()
    with st.grid(2, min_column_width=300):
        with st.container(border=True):
            st.markdown("**Runs of each function**")
            st.altair_chart(runs_chart(metrics, zone), key="cloud_runs", alt="Runs of each function over time")
        with st.container(border=True):
            st.markdown("**What went wrong**")
            if troubles_frame(metrics, zone).empty:
                st.caption("Nothing failed, nothing was throttled, and nobody was refused in this time.")
            else:
                chart = troubles_chart(metrics, zone)
                st.altair_chart(chart, key="cloud_troubles", alt="What went wrong over time, by kind")
    with st.container(border=True):
        st.markdown("**95 % of the runs took no longer than**")
        alt = "Milliseconds that 95 % of the runs stayed below, over time"
        st.altair_chart(times_chart(metrics, zone), key="cloud_times", alt=alt)


def _length(seconds: int) -> str:
    minutes = seconds // 60
    return counted(minutes // 60, "hour") if minutes % 60 == 0 else counted(minutes, "minute")
