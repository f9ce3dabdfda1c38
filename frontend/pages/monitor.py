"""The page *Monitor*: predictions over time, drift of the inputs, CloudWatch metrics and latency."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from frontend.api.errors import ApiError, NotFound
from frontend.api.transport import Call
from frontend.charts.drift import MINIMUM_ROWS, MODERATE, STRONG, FeatureDrift, drift_chart, drift_of
from frontend.charts.operations import API, durations_chart, errors_chart, errors_frame, latency_chart, runs_chart
from frontend.charts.predictions import activity_chart, confidence_chart, species_share_chart
from frontend.components import session
from frontend.components.loaded_history import Filters, History, load_newest
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.tables.predictions import prediction_frame
from frontend.wording import counted, number, percent
from menagerie.animal import Species
from menagerie.api import CloudMetrics, TrainingRows
from menagerie.prediction import Prediction
from menagerie.service_metrics import FUNCTIONS

KEPT_PREDICTIONS = "monitored"
WINDOWS = (1_000, 5_000, 10_000, 20_000)
REFERENCE = "drift_reference"
REFERENCE_ROWS = 2000
MEANING = (
    "The population stability index compares the share of rows in each bin, before and now. An index up to "
    f"{MODERATE:g} means no drift, above {MODERATE:g} moderate drift, above {STRONG:g} strong drift: consider a "
    "training from rows like the recent ones. With few rows the index is larger by chance; only an index above the "
    "chance level counts as drift."
)
KEPT_METRICS = "cloud_metrics"
# CloudWatch's own delay is one or two minutes.
METRICS_KEPT_FOR = timedelta(seconds=30)
# Length and period in seconds, for about sixty bars, as many as a phone can show.
SPANS = {
    "Last hour": (timedelta(hours=1), 60),
    "Last 6 hours": (timedelta(hours=6), 600),
    "Last 24 hours": (timedelta(hours=24), 1800),
    "Last 15 days": (timedelta(days=15), 21600),
}


def show() -> None:
    """Lay out the newest predictions, the drift of their inputs, CloudWatch metrics, and the latency of the API."""
    st.title("Monitor", anchor=False)
    st.markdown("Predictions over time, drift of their inputs, and errors and latency of the service.")
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
        outcome = _load_predictions(most, refresh=refresh)
    if isinstance(outcome, ApiError):
        show_error(outcome)
        st.button("Try again", icon=":material/refresh:", type="primary")
    elif outcome.items:
        line.caption(f"The newest {counted(len(outcome.items), 'prediction')}")
        _show_predictions(outcome)
        _show_drift(outcome.items)
    else:
        show_empty(
            "No predictions yet", "Classify some animals first, for example a sample on the Data page.", icon="📈"
        )
        st.page_link("data.py", label="Open Data", icon=":material/scatter_plot:")
    _show_cloud_metrics(refresh=refresh)
    _show_latency()


def _load_predictions(most: int, *, refresh: bool) -> History | ApiError:
    """Return the kept predictions if they suffice; otherwise request the missing ones and keep them."""
    kept = st.session_state.get(KEPT_PREDICTIONS)
    kept = kept if isinstance(kept, History) else History(Filters())
    enough = len(kept.items) >= most or (kept.items and kept.next_cursor is None)
    if enough and not refresh:
        return History(kept.filters, kept.items[:most], kept.next_cursor, kept.loaded_at)
    progress = st.empty()

    def report(rows: int) -> None:
        progress.progress(min(rows / most, 1.0), f"{counted(rows, 'prediction')} loaded …")

    try:
        loaded = load_newest(session.client(), kept, most, report)
    except ApiError as error:
        session.clear_health()
        return error
    finally:
        progress.empty()
    st.session_state[KEPT_PREDICTIONS] = loaded
    return History(loaded.filters, loaded.items[:most], loaded.next_cursor, loaded.loaded_at)


def _show_predictions(history: History) -> None:
    zone = session.timezone()
    frame = prediction_frame(history.items)
    frame["request"] = frame["id"].str.rpartition("-")[0]
    has_feedback = frame["feedback"].notna()
    with st.grid(4, min_column_width=130):
        st.metric("Requests", number(frame["request"].nunique()), border=True)
        st.metric("Mean confidence", percent(frame["confidence"].mean()), border=True)
        st.metric("Unknown", percent((frame["species"] == Species.UNKNOWN).mean()), border=True)
        st.metric(
            "Confirmed",
            _accuracy(frame[has_feedback]),
            border=True,
            help=f"Share of correct predictions among the {number(has_feedback.sum())} with feedback.",
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
    st.caption("Confidence: the solid line is the mean, the dashed line the 10% quantile.")


def _accuracy(frame: pd.DataFrame) -> str:
    return percent((frame["feedback"] == frame["species"]).mean()) if len(frame) else "none"


def _show_drift(predictions: Sequence[Prediction]) -> None:
    """Show the index of every feature, and the bins of one; `predictions` are newest first."""
    st.subheader("Drift of the inputs", anchor=False)
    recent = [prediction.animal for prediction in predictions]
    training = _training_rows()
    if isinstance(training, TrainingRows):
        reference = training.items
        spread = "" if len(reference) == training.total else f", evenly spread over all {number(training.total)}"
        origin = f"rows that the current model was trained from{spread}"
    else:
        half = len(recent) // 2
        recent, reference = recent[:half], recent[half:]
        why = "were not stored" if isinstance(training, NotFound) else "are not available now"
        origin = f"the older half of these predictions, because the training rows of the current model {why}"
    if min(len(recent), len(reference)) < MINIMUM_ROWS:
        st.info(
            f"Drift needs at least {MINIMUM_ROWS} recent animals and as many reference rows; there are "
            f"{number(len(recent))} and {number(len(reference))}.",
            icon=":material/hourglass:",
        )
        return
    drifts = drift_of(reference, recent)
    st.caption(f"{counted(len(recent), 'recent animal')} against {counted(len(reference), 'reference row')}: {origin}.")
    _show_indices(drifts)
    with st.container(border=True):
        selected = st.selectbox(
            "Feature",
            range(len(drifts)),
            format_func=lambda place: drifts[place].feature.label,
            key="drift_feature",
            persist_state="session",
            width=220,
        )
        st.altair_chart(drift_chart(drifts[selected]), key="drift_chart", alt="Shares of rows, before and now")


def _show_indices(drifts: Sequence[FeatureDrift]) -> None:
    worst = max(drifts, key=lambda drift: drift.index)
    show = {"no drift": st.success, "moderate drift": st.warning}.get(worst.verdict, st.error)
    show(MEANING, title=f"{worst.feature.label} has the largest index: {worst.index:.3f}, {worst.verdict}")
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "feature": drift.feature.label,
                    "index": drift.index,
                    "by_chance": drift.by_chance,
                    "verdict": drift.verdict,
                }
                for drift in drifts
            ]
        ),
        hide_index=True,
        column_config={
            "feature": st.column_config.TextColumn("Feature"),
            "index": st.column_config.NumberColumn("Stability index", format="%.3f"),
            "by_chance": st.column_config.NumberColumn("Chance level", format="%.3f"),
            "verdict": st.column_config.TextColumn("Result"),
        },
        key="drift_table",
        alt="Population stability index of every feature",
    )


def _training_rows() -> TrainingRows | ApiError | None:
    """Return training rows of the current model, fetched once for each model, or the error."""
    check = session.health()
    health = check.health
    if health is None:
        return check.error
    kept = st.session_state.get(REFERENCE)
    if isinstance(kept, TrainingRows) and kept.version == health.model_version:
        return kept
    try:
        with st.spinner("Fetching training rows …"):
            rows = session.client().training_rows(health.model_version, REFERENCE_ROWS)
    except ApiError as error:
        return error
    st.session_state[REFERENCE] = rows
    return rows


def _show_cloud_metrics(*, refresh: bool) -> None:
    """Show CloudWatch metrics of the selected time span; `refresh` requests them again."""
    st.subheader("CloudWatch metrics", anchor=False)
    span = st.selectbox(
        "Time span",
        list(SPANS),
        key="cloud_span",
        persist_state="session",
        width=220,
        help="Runs of the functions and requests to the API, counted and timed by the cloud. "
        "Times do not include the network between this dashboard and the API.",
    )
    line = steady_line()
    with line, st.spinner("Loading metrics …"):
        outcome = _load_metrics(span, refresh=refresh)
    if isinstance(outcome, ApiError):
        line.empty()
        show_error(outcome)
    elif any(each.points for each in outcome.series):
        line.caption(f"Period: {_describe_period(outcome.period_seconds)}")
        _show_metrics(outcome)
        _show_metric_charts(outcome)
    else:
        line.empty()
        show_empty(
            "No data in this time span",
            "A request is counted within two minutes. Classify an animal and refresh, or select a longer time span. "
            "The embedded cloud counts no requests, only trainings and `menagerie invoke`.",
            icon="🕰️",
        )


def _load_metrics(span: str, *, refresh: bool) -> CloudMetrics | ApiError:
    kept = st.session_state.get(KEPT_METRICS)
    now = datetime.now(UTC)
    if kept is not None and kept[0] == span and now - kept[2] < METRICS_KEPT_FOR and not refresh:
        metrics: CloudMetrics = kept[1]
        return metrics
    try:
        length, period_s = SPANS[span]
        metrics = session.client().metrics(now - length, now, period_s)
    except ApiError as error:
        session.clear_health()
        return error
    st.session_state[KEPT_METRICS] = (span, metrics, now)
    return metrics


def _show_metrics(metrics: CloudMetrics) -> None:
    failed, throttled = (sum(metrics.total(name, what) for name in FUNCTIONS) for what in ("Errors", "Throttles"))
    figures = (
        ("Runs of predict", metrics.total("predict", "Invocations"), "Predictions, history, models and feedback."),
        ("Trainings", metrics.total("train", "Invocations"), "Runs of the training job."),
        ("Errors (5xx)", metrics.total(API, "5XXError"), "Requests that the API answered with a server error."),
        ("Failed runs", failed, f"Failed runs of all functions; {number(throttled)} more runs were throttled."),
    )
    with st.grid(4, min_column_width=130):
        for label, value, meaning in figures:
            st.metric(label, number(value), border=True, help=meaning)


def _show_metric_charts(metrics: CloudMetrics) -> None:
    zone = session.timezone()
    with st.grid(2, min_column_width=300):
        with st.container(border=True):
            st.markdown("**Runs of each function**")
            st.altair_chart(runs_chart(metrics, zone), key="cloud_runs", alt="Runs of each function over time")
        with st.container(border=True):
            st.markdown("**Errors**")
            if errors_frame(metrics, zone).empty:
                st.caption("No failed runs, no throttling and no error responses in this time span.")
            else:
                chart = errors_chart(metrics, zone)
                st.altair_chart(chart, key="cloud_errors", alt="Errors over time, by kind")
    with st.container(border=True):
        st.markdown("**Duration, 95% quantile**")
        alt = "95% quantile of the duration in milliseconds, over time"
        st.altair_chart(durations_chart(metrics, zone), key="cloud_durations", alt=alt)


def _describe_period(seconds: int) -> str:
    minutes = seconds // 60
    return counted(minutes // 60, "hour") if minutes % 60 == 0 else counted(minutes, "minute")


def _show_latency() -> None:
    """Show the latest calls of this dashboard to the API, of all its visitors."""
    calls = session.client().calls()
    st.subheader("Latency measured by this dashboard", anchor=False)
    failed = sum(call.failed for call in calls)
    st.caption(
        f"{counted(len(calls), 'call')} since the dashboard was started, {number(failed)} of them failed. Times "
        "include the network. The functions' logs: `menagerie logs predict`."
    )
    if not calls:
        return
    with st.container(border=True):
        st.altair_chart(
            latency_chart(calls, session.timezone()),
            key="latency_chart",
            alt="Duration of every call in milliseconds, over time",
        )
    st.dataframe(
        route_frame(calls),
        hide_index=True,
        column_config={
            "route": st.column_config.TextColumn("Route"),
            "calls": st.column_config.NumberColumn("Calls"),
            "failed": st.column_config.NumberColumn("Failed"),
            "median": st.column_config.NumberColumn("Median", format="%.0f ms"),
            "p95": st.column_config.NumberColumn("95% quantile", format="%.0f ms"),
        },
        key="latency_table",
        alt="Calls, failures and durations of every route",
    )


def route_frame(calls: Sequence[Call]) -> pd.DataFrame:
    """Return calls, failures, median and 95% quantile in milliseconds of each route, most called first."""
    frame = pd.DataFrame([{"route": c.route, "failed": c.failed, "milliseconds": c.milliseconds} for c in calls])
    grouped = frame.groupby("route")
    summary = grouped.agg(
        calls=("failed", "size"),
        failed=("failed", "sum"),
        median=("milliseconds", "median"),
        p95=("milliseconds", lambda values: values.quantile(0.95)),
    )
    return summary.sort_values("calls", ascending=False).reset_index()


if __name__ == "__main__":
    show()
