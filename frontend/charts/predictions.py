"""Charts of predictions as pure functions: one prediction, by species, and over time."""

from collections.abc import Collection, Mapping
from typing import Any

import altair as alt
import pandas as pd

from frontend.wording import percent
from menagerie.animal import CLASSES, UNKNOWN_COLOUR, Species

# Colours of other things than species; each at least 3:1 against the light and the dark background.
ACCENT, MUTED, BAD = "#0f9d8a", "#8a8d94", "#d1622b"
_COLOURS = {species.value: species.colour for species in CLASSES}
_LABELS = {species.value: species.label for species in CLASSES}
PROBABILITY_HEIGHT = 180
COUNT_HEIGHT = 260
TIME_HEIGHT = 230
_SPECIES_AXIS = alt.Axis(domain=False, ticks=False, labelPadding=8)
_BAR: dict[str, Any] = {"cornerRadiusEnd": 4, "height": {"band": 0.62}}
_BESIDE: dict[str, Any] = {"align": "left", "dx": 6, "color": MUTED, "fontWeight": 600}
_RULED_OUT_OPACITY = 0.35
_CAPITALISED = "upper(slice(datum.label, 0, 1)) + slice(datum.label, 1)"
SPECIES_LEGEND = alt.Legend(orient="top", columns=3, offset=4, padding=0, symbolType="circle", labelExpr=_CAPITALISED)
TIME_AXIS = alt.Axis(
    format={
        "seconds": "%H:%M:%S",
        "minutes": "%H:%M",
        "hours": "%H:%M",
        "date": "%d %b",
        "week": "%d %b",
        "month": "%b %Y",
        "year": "%Y",
    },
    labelOverlap=True,
    tickCount=6,
    domain=False,
    grid=False,
)
MOST_BINS = 48
FEWEST_BINS = 16
BIN_WIDTHS = tuple(
    pd.Timedelta(width) for width in ("10s", "1min", "5min", "15min", "1h", "6h", "1D", "7D", "30D", "365D")
)
_FROM = alt.Tooltip("start:T", title="From", format="%d %b %Y, %H:%M:%S")


def species_colour(names: Collection[str], *, legend: alt.Legend | None = None) -> alt.Color:
    """Return the colour encoding of the field `species` for the given species, in the order of the API."""
    present = [name for name in _COLOURS if name in names] + sorted(set(names) - set(_COLOURS))
    return alt.Color(
        "species:N",
        scale=alt.Scale(domain=present, range=[_COLOURS.get(name, UNKNOWN_COLOUR) for name in present]),
        legend=legend,
        title=None,
    )


def species_label(name: str) -> str:
    """Return the label of a species, or of the text in its place."""
    return _LABELS.get(name, name.capitalize())


def probability_chart(probabilities: Mapping[Species, float], prediction_set: Collection[str]) -> alt.LayerChart:
    """Draw one bar for each species, most probable first; species outside the prediction set are faded."""
    rows = [
        {
            "species": name,
            "label": species_label(name),
            "probability": share,
            "shown": percent(share),
            "in_set": "yes" if name in prediction_set else "no",
        }
        for name, share in sorted(probabilities.items(), key=lambda item: -item[1])
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_SPECIES_AXIS),
        x=alt.X("probability:Q", scale=alt.Scale(domain=[0, 1]), axis=None),
        tooltip=[
            alt.Tooltip("label:N", title="Species"),
            alt.Tooltip("probability:Q", title="Probability", format=".3%"),
            alt.Tooltip("in_set:N", title="In the prediction set"),
        ],
    )
    bars = base.mark_bar(**_BAR).encode(
        color=species_colour(probabilities.keys()),
        opacity=alt.condition("datum.in_set == 'yes'", alt.value(1.0), alt.value(_RULED_OUT_OPACITY)),
    )
    # The number is inside a long bar and beside a short one, so that it always fits into the chart.
    long = "datum.probability > 0.8"
    inside = base.mark_text(align="right", dx=-8, color="white", fontWeight=600)
    beside = base.mark_text(**_BESIDE)
    layers = (
        bars,
        inside.encode(text="shown:N").transform_filter(long),
        beside.encode(text="shown:N").transform_filter(f"!({long})"),
    )
    return alt.LayerChart(layer=layers, height=PROBABILITY_HEIGHT)


def species_count_chart(frame: pd.DataFrame) -> alt.LayerChart:
    """Count the rows of each species; `frame` has a column `species`."""
    counted = frame["species"].value_counts().rename_axis("species").reset_index(name="predictions")
    counted["label"] = counted["species"].map(species_label)
    counted["share"] = counted["predictions"] / len(frame) if len(frame) else 0.0
    base = alt.Chart(counted).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_SPECIES_AXIS),
        # Space for the number beside the longest bar.
        x=alt.X("predictions:Q", scale=alt.Scale(domainMax=1.15 * float(counted["predictions"].max() or 1)), axis=None),
        tooltip=[
            alt.Tooltip("label:N", title="Species"),
            alt.Tooltip("predictions:Q", title="Predictions", format=","),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    bars = base.mark_bar(**_BAR).encode(color=species_colour(list(counted["species"])))
    return alt.LayerChart(
        layer=(bars, base.mark_text(**_BESIDE).encode(text=alt.Text("predictions:Q", format=","))), height=COUNT_HEIGHT
    )


def species_over_time_chart(frame: pd.DataFrame, timezone: str) -> alt.Chart:
    """Draw the number of predictions over time, stacked by species; the legend selects a species.

    `frame` has `created_at` with a zone and `species`. Times are shown in the time zone.
    """
    counted = stacked_counts(frame, timezone)
    counted["label"] = counted["species"].map(species_label)
    picked = alt.selection_point(name="picked_species", fields=["species"], bind="legend")
    chart: alt.Chart = (
        alt.Chart(counted)
        .mark_rect()
        .encode(
            x=alt.X("start:T", scale=alt.Scale(nice=False), title=None, axis=TIME_AXIS),
            x2="end:T",
            y=alt.Y("bottom:Q", title="Predictions", axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False)),
            y2="top:Q",
            color=species_colour(list(counted["species"]), legend=SPECIES_LEGEND),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(0.15)),
            tooltip=[
                alt.Tooltip("start:T", title="From", format="%d %b %Y, %H:%M:%S"),
                alt.Tooltip("end:T", title="To", format="%d %b %Y, %H:%M:%S"),
                alt.Tooltip("label:N", title="Species"),
                alt.Tooltip("predictions:Q", title="Predictions", format=","),
            ],
        )
        .add_params(picked)
        .properties(height=COUNT_HEIGHT)
    )
    return chart


def species_share_chart(frame: pd.DataFrame, timezone: str) -> alt.Chart:
    """Draw the share of each species over time; arguments as of `species_over_time_chart`."""
    counted = stacked_counts(frame, timezone)
    total = counted.groupby("start")["predictions"].transform("sum").clip(lower=1)
    counted["share"] = counted["predictions"] / total
    counted["low"], counted["high"] = counted["bottom"] / total, counted["top"] / total
    counted["label"] = counted["species"].map(species_label)
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
                alt.Tooltip("predictions:Q", title="Predictions", format=","),
            ],
        )
        .properties(height=TIME_HEIGHT)
    )
    return chart


def activity_chart(frame: pd.DataFrame, timezone: str, field: str, title: str) -> alt.Chart:
    """Draw one column of `activity_frame` as bars over time."""
    bars = alt.Chart(activity_frame(frame, timezone)).mark_rect(color=ACCENT)
    chart: alt.Chart = bars.encode(
        x=_time("start"),
        x2="end:T",
        y=alt.Y(f"{field}:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False)),
        y2=alt.datum(0),
        tooltip=[_FROM, alt.Tooltip(f"{field}:Q", title=title, format=",")],
    ).properties(height=TIME_HEIGHT)
    return chart


def confidence_chart(frame: pd.DataFrame, timezone: str) -> alt.LayerChart:
    """Draw the mean and the 10% quantile of the confidence over time."""
    binned = activity_frame(frame, timezone)
    base = alt.Chart(binned).encode(
        x=_time("middle"),
        tooltip=[
            _FROM,
            alt.Tooltip("confidence:Q", title="Mean confidence", format=".2%"),
            alt.Tooltip("low_confidence:Q", title="10% quantile", format=".2%"),
        ],
    )
    axis = alt.Axis(format=".0%", tickCount=4, domain=False)
    mean = base.mark_line(color=ACCENT, point=alt.OverlayMarkDef(color=ACCENT)).encode(
        y=alt.Y("confidence:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=axis)
    )
    low = base.mark_line(color=MUTED, strokeDash=[4, 3]).encode(y="low_confidence:Q")
    return alt.LayerChart(layer=(low, mean), height=TIME_HEIGHT)


def stacked_counts(frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Count predictions by time bin and species, stacked: `start`, `end`, `species`, `predictions`, `bottom`, `top`.

    `frame` has at least one row, `created_at` with a zone, and `species`. `start` and `end` are local times in
    `timezone` without a zone, which a chart shows unchanged in any browser.
    """
    local = frame["created_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    width = bin_width(local)
    binned = frame.assign(start=local.dt.floor(width))
    counted = binned.groupby(["start", "species"], sort=True).size().reset_index(name="predictions")
    counted = _with_empty_ends(counted, width)
    counted["end"] = counted["start"] + width
    counted["top"] = counted.groupby("start")["predictions"].cumsum()
    counted["bottom"] = counted["top"] - counted["predictions"]
    return counted


def activity_frame(frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Aggregate predictions by time bin: `predictions`, `requests`, mean `confidence` and its 10% quantile.

    `frame` has `created_at` with a zone, `confidence` and `request`. `start`, `middle` and `end` of the bins are local
    times in `timezone` without a zone.
    """
    local = frame["created_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    width = bin_width(local)
    grouped = frame.assign(start=local.dt.floor(width)).groupby("start")
    binned = grouped.agg(
        predictions=("request", "size"),
        requests=("request", "nunique"),
        confidence=("confidence", "mean"),
        low_confidence=("confidence", lambda values: values.quantile(0.1)),
    ).reset_index()
    binned["middle"], binned["end"] = binned["start"] + width / 2, binned["start"] + width
    return binned


def bin_width(times: pd.Series) -> pd.Timedelta:
    """Return the narrowest of `BIN_WIDTHS` that divides the span of the times into at most `MOST_BINS` bins."""
    span = times.max() - times.min() if len(times) else pd.Timedelta(0)
    return next((width for width in BIN_WIDTHS if span <= MOST_BINS * width), BIN_WIDTHS[-1])


def _with_empty_ends(counted: pd.DataFrame, width: pd.Timedelta) -> pd.DataFrame:
    """Add an empty bin at both ends, so that there are at least `FEWEST_BINS` and a single bar stays narrow."""
    first, last = counted["start"].min(), counted["start"].max()
    missing = max(FEWEST_BINS - ((last - first) // width + 1), 2)
    edges = [first - (missing // 2) * width, last + (missing - missing // 2) * width]
    empty = pd.DataFrame({"start": edges, "species": counted["species"].iloc[0], "predictions": 0})
    return pd.concat([empty.iloc[:1], counted, empty.iloc[1:]], ignore_index=True)


def _time(field: str) -> alt.X:
    return alt.X(f"{field}:T", scale=alt.Scale(nice=False), title=None, axis=TIME_AXIS)
