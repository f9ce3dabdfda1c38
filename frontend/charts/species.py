"""Charts as pure functions: values in, Altair charts out, one colour for each species throughout."""

from collections.abc import Collection, Mapping
from typing import Any

import altair as alt
import pandas as pd

from frontend.charts.time_bins import stacked_counts
from frontend.species import COLOURS, SPECIES, species_named
from frontend.wording import percent

PROBABILITY_HEIGHT = 180
HISTORY_HEIGHT = 260
_SPECIES_AXIS = alt.Axis(domain=False, ticks=False, labelPadding=8)
_BAR: dict[str, Any] = {"cornerRadiusEnd": 4, "height": {"band": 0.62}}
_BESIDE: dict[str, Any] = {"align": "left", "dx": 6, "color": COLOURS["unknown"], "fontWeight": 600}
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


def species_colour(names: Collection[str], *, legend: alt.Legend | None = None) -> alt.Color:
    """Return the colour encoding of the field `species` for the species present, in the order of the API."""
    present = [name for name in SPECIES if name in names] + sorted(set(names) - set(SPECIES))
    colours = [species_named(name).colour for name in present]
    return alt.Color("species:N", scale=alt.Scale(domain=present, range=colours), legend=legend, title=None)


def probability_chart(probabilities: Mapping[str, float], prediction_set: Collection[str]) -> alt.LayerChart:
    """Draw one bar a species, most probable first; species outside the prediction set are faded."""
    rows = [
        {
            "species": name,
            "label": species_named(name).label,
            "probability": share,
            "shown": percent(share),
            "in_set": "yes" if name in prediction_set else "no, ruled out",
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
    # The number stands inside a long bar and beside a short one, so that it never leaves the chart.
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
    counted["label"] = [species_named(name).label for name in counted["species"]]
    counted["share"] = counted["predictions"] / len(frame) if len(frame) else 0.0
    base = alt.Chart(counted).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_SPECIES_AXIS),
        # Room on the right for the longest bar's number.
        x=alt.X("predictions:Q", scale=alt.Scale(domainMax=1.15 * float(counted["predictions"].max() or 1)), axis=None),
        tooltip=[
            alt.Tooltip("label:N", title="Species"),
            alt.Tooltip("predictions:Q", title="Predictions"),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    bars = base.mark_bar(**_BAR).encode(color=species_colour(list(counted["species"])))
    return alt.LayerChart(layer=(bars, base.mark_text(**_BESIDE).encode(text="predictions:Q")), height=HISTORY_HEIGHT)


def species_over_time_chart(frame: pd.DataFrame, timezone: str) -> alt.Chart:
    """Stack the rows of each species over time; `frame` has `created_at` with a zone and `species`.

    The bars' width follows the span, from ten seconds to a month; times in the zone named. A click on the legend
    picks a species.
    """
    counted = stacked_counts(frame, timezone)
    counted["label"] = [species_named(name).label for name in counted["species"]]
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
                alt.Tooltip("predictions:Q", title="Predictions"),
            ],
        )
        .add_params(picked)
        .properties(height=HISTORY_HEIGHT)
    )
    return chart
