"""Charts for watching a running model, as pure functions: mix and confidence over time, latency, drift."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from frontend.api.call_log import Call
from frontend.charts.drift import FeatureDrift
from frontend.charts.species import SPECIES_LEGEND, TIME_AXIS, species_colour
from frontend.charts.time_bins import activity_frame, stacked_counts
from frontend.species import COLOURS, species_named

HEIGHT = 230
_LEVEL_LABELS = 5
_POWERS_OF_TEN = [1, 10, 100, 1_000, 10_000]
_ACCENT, _OTHER, _BAD = COLOURS["dog"], COLOURS["unknown"], COLOURS["kangaroo"]
_FROM = alt.Tooltip("start:T", title="From", format="%d %b %Y, %H:%M:%S")


def species_share_chart(frame: pd.DataFrame, timezone: str) -> alt.Chart:
    """Draw the share of each species over time; `frame` has `created_at` with a zone and `species`."""
    counted = stacked_counts(frame, timezone)
    total = counted.groupby("start")["predictions"].transform("sum").clip(lower=1)
    counted["share"] = counted["predictions"] / total
    counted["low"], counted["high"] = counted["bottom"] / total, counted["top"] / total
    counted["label"] = [species_named(name).label for name in counted["species"]]
    chart: alt.Chart = (
        alt.Chart(counted)
        .mark_rect()
        .encode(
            x=_time("start"),
            x2="end:T",
            y=alt.Y("low:Q", title="Share", axis=alt.Axis(format="%", tickCount=4, domain=False)),
            y2="high:Q",
            color=species_colour(list(counted["species"]), legend=SPECIES_LEGEND),
            tooltip=[
                _FROM,
                alt.Tooltip("label:N", title="Species"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("predictions:Q", title="Predictions"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def activity_chart(frame: pd.DataFrame, timezone: str, field: str, title: str) -> alt.Chart:
    """Draw one column of `activity_frame` as bars over time."""
    bars = alt.Chart(activity_frame(frame, timezone)).mark_rect(color=_ACCENT)
    chart: alt.Chart = bars.encode(
        x=_time("start"),
        x2="end:T",
        y=alt.Y(f"{field}:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False)),
        y2=alt.datum(0),
        tooltip=[_FROM, alt.Tooltip(f"{field}:Q", title=title)],
    ).properties(height=HEIGHT)
    return chart


def confidence_chart(frame: pd.DataFrame, timezone: str) -> alt.LayerChart:
    """Draw the mean confidence over time, and the tenth of the answers that are least sure below it."""
    binned = activity_frame(frame, timezone)
    base = alt.Chart(binned).encode(
        x=_time("middle"),
        tooltip=[
            _FROM,
            alt.Tooltip("confidence:Q", title="Mean confidence", format=".2%"),
            alt.Tooltip("least_sure:Q", title="A tenth is below", format=".2%"),
        ],
    )
    axis = alt.Axis(format=".0%", tickCount=4, domain=False)
    mean = base.mark_line(color=_ACCENT, point=alt.OverlayMarkDef(color=_ACCENT)).encode(
        y=alt.Y("confidence:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=axis)
    )
    low = base.mark_line(color=_OTHER, strokeDash=[4, 3]).encode(y="least_sure:Q")
    return alt.LayerChart(layer=(low, mean), height=HEIGHT)


def latency_chart(calls: Sequence[Call], timezone: str) -> alt.Chart:
    """Draw every call at its time with its milliseconds, logarithmic; those that failed in a colour of their own."""
    frame = pd.DataFrame(
        [
            {
                "at": pd.Timestamp(call.at).tz_convert(timezone).tz_localize(None),
                "milliseconds": max(call.milliseconds, 0.1),
                "route": call.route,
                "status": "no answer" if call.status is None else str(call.status),
                "outcome": "failed" if call.failed else "answered",
            }
            for call in calls
        ]
    )
    colours = alt.Scale(domain=["answered", "failed"], range=[_ACCENT, _BAD])
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(filled=True, size=28, opacity=0.6)
        .encode(
            x=_time("at"),
            y=alt.Y(
                "milliseconds:Q",
                title="Milliseconds",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(format="~s", values=_POWERS_OF_TEN, domain=False),
            ),
            color=alt.Color("outcome:N", scale=colours, legend=alt.Legend(orient="top", title=None)),
            tooltip=[
                alt.Tooltip("route:N", title="Route"),
                alt.Tooltip("milliseconds:Q", title="Milliseconds", format=".1f"),
                alt.Tooltip("status:N", title="Status"),
                alt.Tooltip("at:T", title="At", format="%H:%M:%S"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def drift_chart(drift: FeatureDrift) -> alt.Chart:
    """Draw the share of the rows in each bin, before and now side by side."""
    rows = [
        {"bin": name, "rows": rows, "share": share}
        for name, *shares in zip(drift.bins, drift.reference, drift.recent, strict=True)
        for rows, share in zip(("reference", "recent"), shares, strict=True)
    ]
    colours = alt.Scale(domain=["reference", "recent"], range=[_OTHER, _ACCENT])
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "bin:N",
                sort=None,
                title=None,
                axis=alt.Axis(labelAngle=-35 if len(drift.bins) > _LEVEL_LABELS else 0, labelLimit=110, domain=False),
            ),
            xOffset=alt.XOffset("rows:N", sort=["reference", "recent"]),
            y=alt.Y("share:Q", title="Share of rows", axis=alt.Axis(format="%", tickCount=4, domain=False)),
            color=alt.Color("rows:N", scale=colours, legend=alt.Legend(orient="top", title=None)),
            tooltip=[
                alt.Tooltip("bin:N", title="Value"),
                alt.Tooltip("rows:N", title="Rows"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        .properties(height=HEIGHT + 40)
    )
    return chart


def _time(field: str) -> alt.X:
    return alt.X(f"{field}:T", scale=alt.Scale(nice=False), title=None, axis=TIME_AXIS)
