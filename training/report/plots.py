"""Plots of the report: matplotlib figures as SVG, each in a light and a dark version."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter
from matplotlib.typing import RcKeyType
from numpy.typing import NDArray

from menagerie.animal import CLASSES, FEATURE_DETAILS, Species
from menagerie.manifest import CalibrationBin, Metrics
from training.labelling.zoology import SIZE_COLUMNS

# More would overlap, and make the file large.
MAX_ROWS_PER_LABEL = 1500
# 95 % of a normal distribution are within.
Z = 1.96
NEUTRAL = "#4a7fd4"
INK = "#3d4856"
"""Colour of text and lines in light mode, which `INK_STYLE` makes another one in dark mode."""
INK_STYLE = "<style>svg { color: #3d4856 } @media (prefers-color-scheme: dark) { svg { color: #c3cad4 } }</style>"


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure as a data URL of SVG for light and dark mode, with a text alternative."""

    url: str
    alt: str


def size_plot(rows: NDArray[np.float32], labels: NDArray[np.int64]) -> Plot:
    """Plot the sizes of rows of shape (n, 5), n ≥ 1, by label on logarithmic axes; unknown rows are crosses."""
    across, upwards = (FEATURE_DETAILS[column] for column in SIZE_COLUMNS)

    def draw(axes: Axes) -> None:
        # Unknown is last, on top: there are few, and they are of most interest.
        for index, species in enumerate(CLASSES):
            places = _evenly_chosen(np.flatnonzero(labels == index))
            marker = "x" if species is Species.UNKNOWN else "."
            x, y = rows[places][:, SIZE_COLUMNS].T
            axes.plot(x, y, marker, color=species.colour, label=species, alpha=0.7, markersize=4, rasterized=True)
        axes.loglog()
        for axis, feature in ((axes.xaxis, across), (axes.yaxis, upwards)):
            axis.set_label_text(feature.heading)
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(CLASSES), frameon=False, markerscale=2)

    return _plot(draw, f"Scatter plot of {upwards.label.lower()} against {across.label.lower()} of the rows, by label.")


def reliability_plot(calibration: Sequence[CalibrationBin]) -> Plot:
    """Plot accuracy against confidence by bin, with 95 % intervals."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], "--", color="0.55")
        for bin_ in calibration:
            low, high = wilson_interval(bin_.accuracy, bin_.rows)
            axes.plot([bin_.confidence, bin_.confidence], [low, high], color="0.55")
            axes.plot(bin_.confidence, bin_.accuracy, "o", color=NEUTRAL)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="mean confidence", ylabel="accuracy")

    points = "; ".join(f"confidence {bin_.confidence:.3f}, accuracy {bin_.accuracy:.3f}" for bin_ in calibration)
    return _plot(draw, f"Accuracy against mean confidence by bin: {points}.")


def coverage_plot(metrics: Metrics, target: float) -> Plot:
    """Plot for each class with held-out rows the share of rows that reach its threshold, with 95 % intervals."""
    shares = {
        species: (scores.threshold_reached, scores.support)
        for species, scores in metrics.per_class.items()
        if scores.threshold_reached is not None
    }

    def draw(axes: Axes) -> None:
        for species, (share, support) in reversed(shares.items()):
            axes.plot(wilson_interval(share, support), [species.value] * 2, color="0.55")
            axes.plot(share, species.value, "o", color=species.colour)
        axes.axvline(target, linestyle="--", color="0.55")
        axes.set(xlim=(0.5, 1.01), xlabel="share of rows that reach the threshold of their class")

    named = ", ".join(f"{species} {share:.3f}" for species, (share, _) in shares.items())
    return _plot(draw, f"Share of rows that reach the threshold of their class, target {target:g}: {named}.")


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of some rows.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical
    Association 22, 1927.
    """
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * (share * (1 - share) / rows + Z**2 / (4 * rows**2)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _evenly_chosen(places: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(places) <= MAX_ROWS_PER_LABEL:
        return places
    return places[np.linspace(0, len(places) - 1, MAX_ROWS_PER_LABEL).astype(np.intp)]


def _plot(draw: Callable[[Axes], None], alt: str) -> Plot:
    style: dict[RcKeyType, Any] = {
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": INK,
        "grid.alpha": 0.2,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "menagerie",  # the same file for the same figures
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(6.4, 4), dpi=110, layout="constrained")
        draw(figure.subplots())
        file = StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue().replace(INK, "currentColor").replace("<defs>", f"<defs>{INK_STYLE}", 1)
    return Plot(f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}", alt)
