"""Drift of each feature: the population stability index of recent animals against a reference, and its chart.

Siddiqi, Credit Risk Scorecards (2006), for the index and its thresholds; Yurdakul, Statistical Properties of the
Population Stability Index (2018), for its distribution when nothing has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from frontend.charts.predictions import ACCENT, MUTED
from menagerie.animal import FEATURE_DETAILS, Animal, Feature, Kind

MINIMUM_ROWS = 50
MODERATE, STRONG = 0.1, 0.25
_BINS = 10
# Half a row added to every bin keeps the index finite where a bin is empty.
_SMOOTHING = 0.5
_Z95 = 1.645
_LEVEL_LABELS = 5
HEIGHT = 270
Bins = tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """The drift of one feature: the share of rows in each bin, before and now, and the index over the bins."""

    feature: Feature
    bins: tuple[str, ...]
    reference: tuple[float, ...]
    recent: tuple[float, ...]
    index: float
    by_chance: float
    """The 95% quantile of the index if nothing has changed, for these numbers of rows."""

    @property
    def verdict(self) -> str:
        """Return how strong the drift is, in words."""
        if self.index <= max(self.by_chance, MODERATE):
            return "no drift"
        return "strong drift" if self.index > STRONG else "moderate drift"


def drift_of(reference: Sequence[Animal], recent: Sequence[Animal]) -> list[FeatureDrift]:
    """Return the drift of each feature, in the order of the API; both sequences have at least one animal."""
    return [_feature_drift(feature, reference, recent) for feature in FEATURE_DETAILS]


def drift_chart(drift: FeatureDrift) -> alt.Chart:
    """Draw the share of the rows in each bin, before and now side by side."""
    rows = [
        {"bin": name, "rows": rows, "share": share}
        for name, *shares in zip(drift.bins, drift.reference, drift.recent, strict=True)
        for rows, share in zip(("reference", "recent"), shares, strict=True)
    ]
    colours = alt.Scale(domain=["reference", "recent"], range=[MUTED, ACCENT])
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
        .properties(height=HEIGHT)
    )
    return chart


def _feature_drift(feature: Feature, reference: Sequence[Animal], recent: Sequence[Animal]) -> FeatureDrift:
    before = np.array([float(getattr(animal, feature.name)) for animal in reference])
    after = np.array([float(getattr(animal, feature.name)) for animal in recent])
    bins, places_before, places_after = (_deciles if feature.kind is Kind.MEASURE else _values)(feature, before, after)
    expected, actual = (_shares(places, len(bins)) for places in (places_before, places_after))
    index = float(np.sum((actual - expected) * np.log(actual / expected)))
    by_chance = _chi_square_95(len(bins) - 1) * (1 / len(before) + 1 / len(after))
    return FeatureDrift(feature, bins, tuple(expected.tolist()), tuple(actual.tolist()), index, by_chance)


def _deciles(_: Feature, before: NDArray[np.float64], after: NDArray[np.float64]) -> Bins:
    edges = np.unique(np.quantile(before, np.linspace(0, 1, _BINS + 1)[1:-1]))
    ends = [f"{edge:.3g}" for edge in edges]
    names = (f"up to {ends[0]}", *(f"{a} to {b}" for a, b in pairwise(ends)), f"above {ends[-1]}")
    return names, np.searchsorted(edges, before), np.searchsorted(edges, after)


def _values(feature: Feature, before: NDArray[np.float64], after: NDArray[np.float64]) -> Bins:
    values = np.unique(np.concatenate([before, after]))
    names = [f"{value:g}" if feature.kind is Kind.COUNT else "yes" if value else "no" for value in values]
    return tuple(names), np.searchsorted(values, before), np.searchsorted(values, after)


def _shares(places: NDArray[np.int64], bins: int) -> NDArray[np.float64]:
    counts = np.bincount(places, minlength=bins) + _SMOOTHING
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def _chi_square_95(freedom: int) -> float:
    """Return the 95 % point of a chi-square distribution, by the approximation of Wilson and Hilferty (1931)."""
    if freedom < 1:
        return 0.0
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + _Z95 * part**0.5) ** 3)
