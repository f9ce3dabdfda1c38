"""Charts of the running service as pure functions: runs, errors and latency."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from frontend.api.transport import Call
from frontend.charts.predictions import ACCENT, BAD, TIME_AXIS
from menagerie.api import CloudMetrics
from menagerie.service_metrics import FUNCTIONS

API = "api"
HEIGHT = 230
# Not the colours of species; each at least 3:1 against the light and the dark background.
SOURCES = {API: "#8a8d94", "predict": "#8a63d2", "retrain": "#cc4b86", "train": "#7a8b2e"}
ERRORS = {
    "failed run": "#d1622b",
    "throttled run": "#b98a00",
    "server error (5xx)": "#cc4b86",
    "client error (4xx)": "#8a8d94",
}
LABELS = {API: "API"}
_POWERS_OF_TEN = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
_LEGEND = alt.Legend(orient="top", columns=4, offset=4, padding=0, symbolType="circle")
_FROM = alt.Tooltip("start:T", title="From", format="%d %b %Y, %H:%M")


def runs_chart(metrics: CloudMetrics, timezone: str) -> alt.Chart:
    """Draw the runs of each function over time."""
    return _stacked_chart(runs_frame(metrics, timezone), SOURCES, metrics, timezone, "Runs")


def errors_chart(metrics: CloudMetrics, timezone: str) -> alt.Chart:
    """Draw the errors over time, by kind."""
    return _stacked_chart(errors_frame(metrics, timezone), ERRORS, metrics, timezone, "Errors")


def durations_chart(metrics: CloudMetrics, timezone: str) -> alt.Chart:
    """Draw the 95% quantile of the duration in milliseconds, on a logarithmic scale."""
    frame = durations_frame(metrics, timezone)
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=40))
        .encode(
            x=_time(metrics, timezone),
            y=alt.Y(
                "p95:Q",
                title="Milliseconds",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(format="~s", values=_POWERS_OF_TEN, domain=False),
            ),
            color=_colour("source", SOURCES, list(frame["source"])),
            tooltip=[
                _FROM,
                alt.Tooltip("source:N", title="Source"),
                alt.Tooltip("p95:Q", title="95% quantile (ms)", format=",.0f"),
                alt.Tooltip("mean:Q", title="Mean (ms)", format=",.0f"),
                alt.Tooltip("slowest:Q", title="Maximum (ms)", format=",.0f"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def latency_chart(calls: Sequence[Call], timezone: str) -> alt.Chart:
    """Draw the duration of every call on a logarithmic scale; failed calls have another colour."""
    frame = pd.DataFrame(
        [
            {
                "at": pd.Timestamp(call.at).tz_convert(timezone).tz_localize(None),
                "milliseconds": max(call.milliseconds, 0.1),
                "route": call.route,
                "status": "no response" if call.status is None else str(call.status),
                "outcome": "failed" if call.failed else "succeeded",
            }
            for call in calls
        ]
    )
    colours = alt.Scale(domain=["succeeded", "failed"], range=[ACCENT, BAD])
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(filled=True, size=28, opacity=0.6)
        .encode(
            x=alt.X("at:T", scale=alt.Scale(nice=False), title=None, axis=TIME_AXIS),
            y=alt.Y(
                "milliseconds:Q",
                title="Milliseconds",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(format="~s", values=_POWERS_OF_TEN, domain=False),
            ),
            color=alt.Color("outcome:N", scale=colours, legend=alt.Legend(orient="top", title=None)),
            tooltip=[
                alt.Tooltip("route:N", title="Route"),
                alt.Tooltip("milliseconds:Q", title="Milliseconds", format=",.1f"),
                alt.Tooltip("status:N", title="Status"),
                alt.Tooltip("at:T", title="Time", format="%H:%M:%S"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def runs_frame(metrics: CloudMetrics, timezone: str) -> pd.DataFrame:
    """Count the runs of each function by period; columns as in `_stacked`."""
    return _stacked({name: metrics.points(name, "Invocations") for name in FUNCTIONS}, metrics, timezone)


def errors_frame(metrics: CloudMetrics, timezone: str) -> pd.DataFrame:
    """Count the errors of each kind by period; columns as in `_stacked`."""
    failed = [point for name in FUNCTIONS for point in metrics.points(name, "Errors")]
    throttled = [point for name in FUNCTIONS for point in metrics.points(name, "Throttles")]
    counts = (failed, throttled, metrics.points(API, "5XXError"), metrics.points(API, "4XXError"))
    return _stacked(dict(zip(ERRORS, counts, strict=True)), metrics, timezone)


def durations_frame(metrics: CloudMetrics, timezone: str) -> pd.DataFrame:
    """Return durations in milliseconds by source and period: `p95`, `mean`, and `slowest` where it is known.

    Periods without a run have rows without a value, so that no line connects their neighbours.
    """
    # The API's durations include those of predict; the first source is drawn below the others.
    named = {API: ("Latency", metrics.points(API, "Latency", "p95"))}
    named |= {name: ("Duration", metrics.points(name, "Duration", "p95")) for name in FUNCTIONS}
    every = pd.date_range(metrics.start, metrics.end, freq=f"{metrics.period_seconds}s", inclusive="left")
    frames = []
    for source, (metric, points) in named.items():
        if points:
            columns = {
                "p95": dict(points),
                "mean": dict(metrics.points(source, metric, "Average")),
                "slowest": dict(metrics.points(source, metric, "Maximum")),
            }
            values = {name: [found.get(at.to_pydatetime()) for at in every] for name, found in columns.items()}
            frames.append(pd.DataFrame({"at": every, "source": LABELS.get(source, source), **values}))
    if not frames:
        return pd.DataFrame(columns=["start", "source", "p95", "mean", "slowest"])
    frame = pd.concat(frames, ignore_index=True)
    frame["start"] = _wall_clock(frame.pop("at"), timezone)
    return frame.astype({"p95": float, "mean": float, "slowest": float})


def _stacked(
    counts: Mapping[str, Sequence[tuple[object, float]]], metrics: CloudMetrics, timezone: str
) -> pd.DataFrame:
    """Stack counts by period: `start` and `end` in local time, `kind`, `count`, `bottom` and `top`."""
    rows = [
        {"at": at, "place": place, "kind": LABELS.get(kind, kind), "count": count}
        for place, (kind, points) in enumerate(counts.items())
        for at, count in points
        if count
    ]
    if not rows:
        return pd.DataFrame(columns=["start", "end", "kind", "count", "bottom", "top"])
    frame = pd.DataFrame(rows).groupby(["at", "place", "kind"])["count"].sum().reset_index()
    frame["start"] = _wall_clock(frame["at"], timezone)
    frame["end"] = frame["start"] + pd.Timedelta(seconds=metrics.period_seconds)
    frame["top"] = frame.groupby("at")["count"].cumsum()
    frame["bottom"] = frame["top"] - frame["count"]
    return frame.drop(columns=["at", "place"])


def _stacked_chart(
    frame: pd.DataFrame, colours: Mapping[str, str], metrics: CloudMetrics, timezone: str, title: str
) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=_time(metrics, timezone),
            x2="end:T",
            y=alt.Y("bottom:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False)),
            y2="top:Q",
            color=_colour("kind", colours, list(frame["kind"])),
            tooltip=[
                _FROM,
                alt.Tooltip("kind:N", title="Function" if title == "Runs" else "Kind"),
                alt.Tooltip("count:Q", title=title, format=","),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def _time(metrics: CloudMetrics, timezone: str) -> alt.X:
    ends = _wall_clock(pd.Series([metrics.start, metrics.end]), timezone)
    # The whole time span, also where there is no data.
    domain = [end.isoformat() for end in ends]
    return alt.X("start:T", scale=alt.Scale(domain=domain, nice=False), title=None, axis=TIME_AXIS)


def _colour(field: str, colours: Mapping[str, str], present: Sequence[str]) -> alt.Color:
    shown = {LABELS.get(name, name): colour for name, colour in colours.items()}
    shown = {name: colour for name, colour in shown.items() if name in present}
    scale = alt.Scale(domain=list(shown), range=list(shown.values()))
    return alt.Color(f"{field}:N", scale=scale, legend=_LEGEND, title=None)


def _wall_clock(times: pd.Series, timezone: str) -> pd.Series:
    """Return local times without their zone, which a chart shows unchanged in any browser."""
    return pd.to_datetime(times, utc=True).dt.tz_convert(timezone).dt.tz_localize(None)
