"""Charts of animals as pure functions: measures against each other, distributions, counts and flags."""

import altair as alt
import numpy as np
import pandas as pd

from frontend.charts.predictions import SPECIES_LEGEND, species_colour, species_label
from frontend.wording import describe_value
from menagerie.animal import FEATURE_DETAILS, Animal, Feature, Kind, Species
from menagerie.prediction import Prediction

MEASURES = tuple(feature for feature in FEATURE_DETAILS if feature.kind is Kind.MEASURE)
DISCRETE = tuple(feature for feature in FEATURE_DETAILS if feature.kind is not Kind.MEASURE)
SCATTER_HEIGHT = 420
DISTRIBUTION_HEIGHT = 200
COMBINATIONS_HEIGHT = 260
UNCLASSIFIED = "not classified"
_BINS = 36
_COMBINATIONS_SHOWN = 7
_LOG_AXIS = alt.Axis(format="~g", tickCount=6, domain=False, labelOverlap=True)


def animal_frame(animals: list[Animal], predictions: list[Prediction] | None = None) -> pd.DataFrame:
    """Return one row for each animal, with the predicted species or `UNCLASSIFIED`; units as in `Animal`."""
    frame = pd.DataFrame([animal.model_dump() for animal in animals])
    named = [prediction.species for prediction in predictions or []]
    frame["species"] = named + [UNCLASSIFIED] * (len(frame) - len(named))
    frame["label"] = frame["species"].map(species_label)
    frame["outlier"] = frame["species"] == Species.UNKNOWN
    return frame


def scatter_chart(frame: pd.DataFrame, down: Feature, across: Feature) -> alt.Chart:
    """Draw two measures against each other on logarithmic axes; outliers are crosses, the legend selects a species."""
    picked = alt.selection_point(name="picked_species", fields=["species"], bind="legend")
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(filled=True, size=45)
        .encode(
            x=alt.X(f"{across.name}:Q", scale=alt.Scale(type="log"), title=across.description, axis=_LOG_AXIS),
            y=alt.Y(f"{down.name}:Q", scale=alt.Scale(type="log"), title=down.description, axis=_LOG_AXIS),
            color=species_colour(list(frame["species"]), legend=SPECIES_LEGEND),
            shape=alt.Shape("outlier:N", scale=alt.Scale(domain=[False, True], range=["circle", "cross"]), legend=None),
            opacity=alt.condition(picked, alt.value(0.75), alt.value(0.06)),
            tooltip=[alt.Tooltip("label:N", title="Species"), *(_tooltip(feature) for feature in FEATURE_DETAILS)],
        )
        .add_params(picked)
        .properties(height=SCATTER_HEIGHT)
    )
    return chart


def distribution_chart(frame: pd.DataFrame, measure: Feature) -> alt.Chart:
    """Draw a histogram of a measure in bins of equal width on a logarithmic axis, stacked by species."""
    chart: alt.Chart = (
        alt.Chart(_log_bins(frame, measure.name))
        .mark_rect()
        .encode(
            x=alt.X("start:Q", scale=alt.Scale(type="log", nice=False), title=measure.description, axis=_LOG_AXIS),
            x2="end:Q",
            y=alt.Y("bottom:Q", title="Animals", axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False)),
            y2="top:Q",
            color=species_colour(list(frame["species"])),
            tooltip=[
                alt.Tooltip("species:N", title="Species"),
                alt.Tooltip("start:Q", title="From", format=".3~f"),
                alt.Tooltip("end:Q", title="To", format=".3~f"),
                alt.Tooltip("animals:Q", title="Animals", format=","),
            ],
        )
        .properties(height=DISTRIBUTION_HEIGHT)
    )
    return chart


def combinations_chart(frame: pd.DataFrame) -> alt.Chart:
    """Count the animals by their counts and flags, stacked by species; rare combinations are counted together."""
    rows = frame[[feature.name for feature in DISCRETE]].itertuples(index=False)
    combined = frame.assign(combination=[_describe_combination(row) for row in rows])
    frequent = combined["combination"].value_counts().index[:_COMBINATIONS_SHOWN]
    combined["combination"] = combined["combination"].where(combined["combination"].isin(frequent), "all others")
    counted = combined.groupby(["combination", "species"]).size().reset_index(name="animals")
    chart: alt.Chart = (
        alt.Chart(counted)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=alt.Y(
                "combination:N",
                sort="-x",
                title=None,
                axis=alt.Axis(domain=False, ticks=False, labelLimit=140, labelOverlap=False),
            ),
            x=alt.X("animals:Q", title="Animals", axis=alt.Axis(tickMinStep=1, domain=False)),
            color=species_colour(list(frame["species"])),
            tooltip=[
                alt.Tooltip("combination:N", title="Features"),
                alt.Tooltip("species:N", title="Species"),
                alt.Tooltip("animals:Q", title="Animals", format=","),
            ],
        )
        .properties(height=COMBINATIONS_HEIGHT)
    )
    return chart


def _describe_combination(row: tuple[float, ...]) -> str:
    values = zip(DISCRETE, row, strict=True)
    # A flag that is not set is left out, as most are not.
    return ", ".join(describe_value(feature, value) for feature, value in values if value or feature.kind is Kind.COUNT)


def _tooltip(feature: Feature) -> alt.Tooltip:
    if feature.kind is Kind.FLAG:
        return alt.Tooltip(f"{feature.name}:N", title=feature.label)
    return alt.Tooltip(f"{feature.name}:Q", title=feature.heading, format=",.4~f")


def _log_bins(frame: pd.DataFrame, field: str) -> pd.DataFrame:
    low, high = float(frame[field].min()), float(frame[field].max())
    edges = np.geomspace(low * 0.999, max(high, low * 1.01) * 1.001, _BINS + 1)
    place = np.clip(np.searchsorted(edges, frame[field].to_numpy(), side="right") - 1, 0, _BINS - 1)
    counted = frame.assign(bin=place).groupby(["bin", "species"]).size().reset_index(name="animals")
    counted["start"], counted["end"] = edges[counted["bin"]], edges[counted["bin"] + 1]
    counted["top"] = counted.groupby("bin")["animals"].cumsum()
    counted["bottom"] = counted["top"] - counted["animals"]
    return counted
