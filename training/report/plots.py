"""The plots of the report, drawn as SVG from plain figures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, Species
from menagerie.manifest import CalibrationBin, Metrics
from training.report.axes import Axis, Plane, text

# More would be ink on ink, and would make the file large.
DRAWN_OF_EACH_LABEL = 1500
# Of the normal distribution: 95 % lie within.
Z = 1.96


def height_against_weight(rows: NDArray[np.float32], labels: NDArray[np.int64]) -> str:
    """Return a scatter plot on logarithmic axes of rows of shape (n, 5), n ≥ 1; a dot is a species, a cross unknown."""
    height, weight = rows[:, 1], rows[:, 2]
    plane = Plane(Axis.of_decades("height (m)", height), Axis.of_decades("weight (kg)", weight))
    marks = []
    # Unknown last: there are few of them, and they are what one looks for.
    for index, species in enumerate(CLASSES):
        places = np.flatnonzero(labels == index)
        if len(places) > DRAWN_OF_EACH_LABEL:
            places = places[np.linspace(0, len(places) - 1, DRAWN_OF_EACH_LABEL).astype(np.intp)]
        shape = "m-3-3l6 6m0-6l-6 6" if species is Species.UNKNOWN else "h0"
        at = zip(plane.x(height[places]).tolist(), plane.y(weight[places]).tolist(), strict=True)
        path = "".join(f"M{x:.1f} {y:.1f}{shape}" for x, y in at)
        marks.append(f'<path class="{"cross" if species is Species.UNKNOWN else "dots"} {species}" d="{path}"/>')
    return plane.drawing("height against weight of the rows, by the label they were given", marks)


def reliability(calibration: Sequence[CalibrationBin]) -> str:
    """Return how often answers are right against how sure they were, with the range that chance allows."""
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    plane = Plane(Axis("mean confidence", 0, 1.02, ticks), Axis("share of answers that are right", 0, 1.02, ticks))
    x0, y0, x1, y1 = (float(place) for place in (plane.x(0), plane.y(0), plane.x(1), plane.y(1)))
    marks = [f'<path class="target" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>']
    for each in calibration:
        x, y = float(plane.x(each.confidence)), float(plane.y(each.accuracy))
        low, high = (float(plane.y(bound)) for bound in likely_range(each.accuracy, each.rows))
        marks += [
            f'<path class="range" d="M{x:.1f} {low:.1f}V{high:.1f}"/>',
            f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="5"/>',
        ]
    return plane.drawing("share of right answers against mean confidence", marks)


def coverage_by_class(metrics: Metrics, target: float) -> str:
    """Return for each class with held-out rows the share that reached its threshold, and the share that was wanted."""
    shown = [
        (species, scores.threshold_reached, scores.support)
        for species, scores in metrics.per_class.items()
        if scores.threshold_reached is not None
    ]
    plane = Plane(
        Axis("share of rows that reach the threshold of their class", 0.5, 1.01, [0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        Axis("", 0, max(len(shown), 1), []),
    )
    x = float(plane.x(target))
    marks = [f'<path class="target" d="M{x:.1f} {plane.y(len(shown)):.1f}V{plane.y(0):.1f}"/>']
    marks.append(text(x - 6, 24, f"wanted: {target:g}", 'class="end"'))
    for place, (species, reached, support) in enumerate(reversed(shown)):
        y = float(plane.y(place + 0.5))
        low, high = (max(bound, 0.5) for bound in likely_range(reached, support))
        marks += [
            text(58, y + 4, species, 'class="end"'),
            f'<path class="range" d="M{plane.x(low):.1f} {y:.1f}H{plane.x(high):.1f}"/>',
            f'<circle class="mark {species}" cx="{plane.x(max(reached, 0.5)):.1f}" cy="{y:.1f}" r="6"/>',
        ]
    return plane.drawing("share of rows that reach the threshold of their class", marks)


def likely_range(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share seen in some rows, which is wide for few.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical
    Association 22, 1927.
    """
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * (share * (1 - share) / rows + Z**2 / (4 * rows**2)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)
