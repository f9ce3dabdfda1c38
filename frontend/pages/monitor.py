"""The page *Monitor*: predictions over time, drift of the inputs, CloudWatch metrics and latency."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from frontend.api.errors import ApiError, NotFound
from frontend.api.transport import Call
from frontend.charts.drift import FEWEST_ROWS, SOME, STRONG, FeatureDrift, drift_chart, drift_of
from frontend.charts.operations import API, latency_chart, runs_chart, times_chart, troubles_chart, troubles_frame
from frontend.charts.predictions import activity_chart, confidence_chart, species_share_chart
from frontend.components import session
from frontend.components.loaded_history import History, Question, load_newest
from frontend.components.notices import show_empty, show_error, steady_line
from frontend.species import UNKNOWN
from frontend.tables.predictions import prediction_frame
from frontend.wording import FIELD_LABELS, counted, percent
from menagerie.api import CloudMetrics, TrainingRows
from menagerie.prediction import Prediction
from menagerie.service_metrics import FUNCTIONS

KEPT_PREDICTIONS = "monitored"
WINDOWS = (1_000, 5_000, 10_000, 20_000)
REFERENCE = "drift_reference"
REFERENCE_ROWS = 2000
MEANING = (
    f"The population stability index compares the shares of the rows in each bin, before and now. Up to {SOME:g} all "
    f"is as before, above {SOME:g} something drifts, above {STRONG:g} it drifts strongly: train again from rows like "
    "the recent ones. With few rows an index of some size comes by chance; it counts only above that."
)
KEPT_METRICS = "cloud_metrics"
# CloudWatch itself is a minute or two behind.
METRICS_KEPT_FOR = timedelta(seconds=30)
# How long, and in steps of how many seconds: some sixty bars fit a phone.
SPANS = {
    "The last hour": (timedelta(hours=1), 60),
    "The last 6 hours": (timedelta(hours=6), 600),
    "The last 24 hours": (timedelta(hours=24), 1800),
    "The last 15 days": (timedelta(days=15), 21600),
}


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
        outcome = _load_predictions(most, refresh=refresh)
    if isinstance(outcome, ApiError):
        show_error(outcome)
        st.button("Try again", icon=":material/refresh:", type="primary")
    elif outcome.items:
        line.caption(f"The newest {counted(len(outcome.items), 'prediction')}")
        _show_predictions(outcome)
        show_drift(outcome.items)
    else:
        show_empty("Nothing to watch yet", "Classify some animals first; the Data page has plenty.", icon="📈")
        st.page_link("data.py", label="Get some animals", icon=":material/scatter_plot:")
    show_cloud_metrics(refresh=refresh)
    show_latency()


def _load_predictions(most: int, *, refresh: bool) -> History | ApiError:
    """Return what is kept if it is enough, otherwise ask for what it lacks and keep that."""
    kept = st.session_state.get(KEPT_PREDICTIONS)
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
    st.session_state[KEPT_PREDICTIONS] = loaded
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


def show_drift(predictions: Sequence[Prediction]) -> None:
    """Show the index of every feature, and one of them in detail; `predictions` are newest first."""
    st.subheader("Drift of the inputs", anchor=False)
    recent = [prediction.animal for prediction in predictions]
    training = _training_rows()
    if isinstance(training, TrainingRows):
        reference = training.items
        spread = "" if len(reference) == training.total else f", evenly spread over all {training.total:,} of them"
        told = f"the rows that the current model was trained from{spread}"
    else:
        half = len(recent) // 2
        recent, reference = recent[:half], recent[half:]
        why = "were not kept" if isinstance(training, NotFound) else "cannot be had at the moment"
        told = f"the older half of these predictions, because the rows of the current model's training {why}"
    if min(len(recent), len(reference)) < FEWEST_ROWS:
        st.info(
            f"Drift needs {FEWEST_ROWS} animals on both sides; there are {len(recent)} recent ones and "
            f"{len(reference)} to compare them with.",
            icon=":material/hourglass:",
        )
        return
    drifts = drift_of(reference, recent)
    st.caption(f"{counted(len(recent), 'recent animal')} against {counted(len(reference), 'row')}: {told}.")
    _show_indices(drifts)
    with st.container(border=True):
        picked = st.selectbox(
            "Look at",
            range(len(drifts)),
            format_func=lambda place: FIELD_LABELS[drifts[place].feature],
            key="drift_feature",
            persist_state="session",
            width=220,
        )
        st.altair_chart(drift_chart(drifts[picked]), key="drift_chart", alt="Shares of rows, before and now")


def _show_indices(drifts: Sequence[FeatureDrift]) -> None:
    worst = max(drifts, key=lambda drift: drift.index)
    show = {"as before": st.success, "some drift": st.warning}.get(worst.verdict, st.error)
    show(MEANING, title=f"{FIELD_LABELS[worst.feature]} changed most: {worst.index:.3f}, {worst.verdict}")
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "feature": FIELD_LABELS[drift.feature],
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
            "by_chance": st.column_config.NumberColumn("By chance up to", format="%.3f"),
            "verdict": st.column_config.TextColumn("What it says"),
        },
        key="drift_table",
        alt="Population stability index of every feature",
    )


def _training_rows() -> TrainingRows | ApiError | None:
    """Return rows of the current model's training, asked for once, or why there are none."""
    reading = session.health()
    health = reading.health
    if health is None:
        return reading.error
    kept = st.session_state.get(REFERENCE)
    if isinstance(kept, TrainingRows) and kept.version == health.model_version:
        return kept
    try:
        with st.spinner("Fetching the rows of training …"):
            rows = session.client().training_rows(health.model_version, REFERENCE_ROWS)
    except ApiError as error:
        return error
    st.session_state[REFERENCE] = rows
    return rows


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
        outcome = _load_metrics(span, refresh=refresh)
    if isinstance(outcome, ApiError):
        line.empty()
        show_error(outcome)
    elif any(each.points for each in outcome.series):
        line.caption(f"In steps of {_length(outcome.period_seconds)}")
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
        session.forget_health()
        return error
    st.session_state[KEPT_METRICS] = (span, metrics, now)
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


def show_latency() -> None:
    """Show the calls of all visits to this dashboard since it started, the latest few thousand of them."""
    calls = session.client().calls()
    st.subheader("As this dashboard met it", anchor=False)
    failed = sum(call.failed for call in calls)
    st.caption(
        f"Measured here, on {counted(len(calls), 'call')} of this dashboard since it started; {failed} of them failed. "
        "The way there and back is in it. What the functions wrote is in their logs: `menagerie logs predict`."
    )
    if not calls:
        return
    with st.container(border=True):
        st.altair_chart(
            latency_chart(calls, session.timezone()), key="latency_chart", alt="Milliseconds of every call over time"
        )
    st.dataframe(
        route_frame(calls),
        hide_index=True,
        column_config={
            "route": st.column_config.TextColumn("Route"),
            "calls": st.column_config.NumberColumn("Calls"),
            "failed": st.column_config.NumberColumn("Failed"),
            "median": st.column_config.NumberColumn("Median", format="%.0f ms"),
            "p95": st.column_config.NumberColumn("95 % within", format="%.0f ms"),
        },
        key="latency_table",
        alt="Calls, failures and milliseconds of every route",
    )


def route_frame(calls: Sequence[Call]) -> pd.DataFrame:
    """Return one row a route, most called first: calls, failed, median and 95 % quantile in milliseconds."""
    frame = pd.DataFrame([{"route": c.route, "failed": c.failed, "milliseconds": c.milliseconds} for c in calls])
    grouped = frame.groupby("route")
    told = grouped.agg(
        calls=("failed", "size"),
        failed=("failed", "sum"),
        median=("milliseconds", "median"),
        p95=("milliseconds", lambda values: values.quantile(0.95)),
    )
    return told.sort_values("calls", ascending=False).reset_index()


if __name__ == "__main__":
    show()
