"""Charts of animals as pure functions: where they lie, how they spread, what they have."""

import altair as alt
import numpy as np
import pandas as pd

from frontend.charts.predictions import SPECIES_LEGEND, species_colour
from frontend.species import UNKNOWN, species_named
from menagerie.animal import Animal
from menagerie.prediction import Prediction

SCATTER_HEIGHT = 420
SPREAD_HEIGHT = 200
KINDS_HEIGHT = 260
UNLABELLED = "not asked"
_BINS = 36
_KINDS_SHOWN = 7
_UNITS = {"height": "Height in metres", "weight": "Weight in kilograms"}


def animal_frame(animals: list[Animal], predictions: list[Prediction] | None = None) -> pd.DataFrame:
    """Return one row an animal, with the species the model named or `UNLABELLED`; metres, kilograms."""
    frame = pd.DataFrame([animal.model_dump() for animal in animals])
    named = [prediction.species for prediction in predictions or []]
    frame["species"] = named + [UNLABELLED] * (len(frame) - len(named))
    frame["label"] = [species_named(name).label for name in frame["species"]]
    frame["outlier"] = frame["species"] == UNKNOWN
    return frame


def scatter_chart(frame: pd.DataFrame) -> alt.Chart:
    """Draw height against weight, both logarithmic; outliers are crosses. A click on the legend picks a species."""
    picked = alt.selection_point(name="picked_species", fields=["species"], bind="legend")
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(filled=True, size=45)
        .encode(
            x=alt.X("weight:Q", scale=alt.Scale(type="log"), title=_UNITS["weight"], axis=_log_axis()),
            y=alt.Y("height:Q", scale=alt.Scale(type="log"), title=_UNITS["height"], axis=_log_axis()),
            color=species_colour(list(frame["species"]), legend=SPECIES_LEGEND),
            shape=alt.Shape("outlier:N", scale=alt.Scale(domain=[False, True], range=["circle", "cross"]), legend=None),
            opacity=alt.condition(picked, alt.value(0.75), alt.value(0.06)),
            tooltip=[
                alt.Tooltip("label:N", title="Species"),
                alt.Tooltip("height:Q", title="Height (m)", format=".3~f"),
                alt.Tooltip("weight:Q", title="Weight (kg)", format=".4~f"),
                alt.Tooltip("walks_on_n_legs:Q", title="Legs"),
                alt.Tooltip("has_wings:N", title="Wings"),
                alt.Tooltip("has_tail:N", title="Tail"),
            ],
        )
        .add_params(picked)
        .properties(height=SCATTER_HEIGHT)
    )
    return chart


def spread_chart(frame: pd.DataFrame, field: str) -> alt.Chart:
    """Draw how `height` or `weight` spreads, in bins of equal width on a logarithmic axis, stacked by species."""
    chart: alt.Chart = (
        alt.Chart(_log_bins(frame, field))
        .mark_rect()
        .encode(
            x=alt.X("start:Q", scale=alt.Scale(type="log", nice=False), title=_UNITS[field], axis=_log_axis()),
            x2="end:Q",
            y=alt.Y("bottom:Q", title="Animals", axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False)),
            y2="top:Q",
            color=species_colour(list(frame["species"])),
            tooltip=[
                alt.Tooltip("species:N", title="Species"),
                alt.Tooltip("start:Q", title="From", format=".3~f"),
                alt.Tooltip("end:Q", title="To", format=".3~f"),
                alt.Tooltip("animals:Q", title="Animals"),
            ],
        )
        .properties(height=SPREAD_HEIGHT)
    )
    return chart


def kinds_chart(frame: pd.DataFrame) -> alt.Chart:
    """Count the animals by legs, wings and tail, stacked by species; rare ones are counted together."""
    kinds = frame.assign(
        kind=[
            f"{legs} leg{'' if legs == 1 else 's'}{', wings' if wings else ''}{', tail' if tail else ''}"
            for legs, wings, tail in zip(frame["walks_on_n_legs"], frame["has_wings"], frame["has_tail"], strict=True)
        ]
    )
    frequent = kinds["kind"].value_counts().index[:_KINDS_SHOWN]
    kinds["kind"] = kinds["kind"].where(kinds["kind"].isin(frequent), "anything else")
    counted = kinds.groupby(["kind", "species"]).size().reset_index(name="animals")
    chart: alt.Chart = (
        alt.Chart(counted)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=alt.Y(
                "kind:N",
                sort="-x",
                title=None,
                axis=alt.Axis(domain=False, ticks=False, labelLimit=140, labelOverlap=False),
            ),
            x=alt.X("animals:Q", title="Animals", axis=alt.Axis(tickMinStep=1, domain=False)),
            color=species_colour(list(frame["species"])),
            tooltip=[
                alt.Tooltip("kind:N", title="It has"),
                alt.Tooltip("species:N", title="Species"),
                alt.Tooltip("animals:Q", title="Animals"),
            ],
        )
        .properties(height=KINDS_HEIGHT)
    )
    return chart


def _log_axis() -> alt.Axis:
    return alt.Axis(format="~g", tickCount=6, domain=False, labelOverlap=True)


def _log_bins(frame: pd.DataFrame, field: str) -> pd.DataFrame:
    low, high = float(frame[field].min()), float(frame[field].max())
    edges = np.geomspace(low * 0.999, max(high, low * 1.01) * 1.001, _BINS + 1)
    place = np.clip(np.searchsorted(edges, frame[field].to_numpy(), side="right") - 1, 0, _BINS - 1)
    counted = frame.assign(bin=place).groupby(["bin", "species"]).size().reset_index(name="animals")
    counted["start"], counted["end"] = edges[counted["bin"]], edges[counted["bin"] + 1]
    counted["top"] = counted.groupby("bin")["animals"].cumsum()
    counted["bottom"] = counted["top"] - counted["animals"]
    return counted
