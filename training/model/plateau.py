"""The plateau density: flat between two quantiles, with a Gaussian shoulder on either side fitted to what lies beyond.

Height and weight of a species may be spread evenly, like a bell, or askew; what decides about outliers is only how
fast the density falls at the edges. So the edges are fitted on their own, from the observations beyond a high
threshold, as extreme value statistics does (peaks over threshold: Pickands, "Statistical inference using extreme order
statistics", Annals of Statistics 3, 1975), and the share of observations beyond shrinks with one over the root of
their number, so the edges sharpen as rows come in. Quantiles throughout: a few outliers among the rows move nothing.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Share of the observations beyond either end of the plateau: TAIL / sqrt(n), within bounds. On the plateau all are
# alike; the lower bound keeps enough on the shoulders for conformal prediction to tell the odd one in twenty.
TAIL = 1.5
SMALLEST_TAIL = 0.02
LARGEST_TAIL = 0.25
# A Gaussian falls off at once where a plateau ends, a bell does not: a shoulder this much wider serves both.
WIDENING = 1.25
# No shoulder is narrower than this share of the value at the edge, so that equal values still have a density.
NARROWEST = 0.002
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Plateau:
    """Independent plateau densities of d features; each array has shape (d,), in the unit of its feature."""

    lower: Floats
    upper: Floats
    lower_shoulder: Floats
    upper_shoulder: Floats

    @classmethod
    def fit(cls, values: Floats, *, robust: bool = False) -> "Plateau":
        """Fit to values of shape (n, d), n ≥ 2; `robust` stands up to a fifth of foreign values on each side."""
        n = len(values)
        tail = LARGEST_TAIL if robust else float(np.clip(TAIL / np.sqrt(n), SMALLEST_TAIL, LARGEST_TAIL))
        level = 0.5 if robust else 0.75
        ordered = np.sort(values, axis=0)
        lower, upper = _quantiles(ordered, tail), _quantiles(ordered, 1 - tail)
        # The quantile of the excesses, as a share of all observations, counted from either end.
        outer = tail * (1 - level)
        lower_excess = lower - _quantiles(ordered, outer)
        upper_excess = _quantiles(ordered, 1 - outer) - upper
        # No edge is sharper than that of an even spread: discrete or rounded values would have none at all.
        even_excess = (upper - lower) * tail * level / (1 - 2 * tail)
        narrowest = np.maximum(NARROWEST * np.abs(upper), TINY)
        widening = WIDENING * (1 + 1 / np.sqrt(n * tail)) / NormalDist().inv_cdf((1 + level) / 2)
        return cls(
            lower,
            upper,
            np.maximum(np.maximum(lower_excess, even_excess) * widening, narrowest),
            np.maximum(np.maximum(upper_excess, even_excess) * widening, narrowest),
        )

    @property
    def widths(self) -> Floats:
        """One over the density on the plateau, shape (d,): the area under plateau and shoulders is one."""
        shoulders = np.sqrt(np.pi / 2) * (self.lower_shoulder + self.upper_shoulder)
        return np.asarray(self.upper - self.lower + shoulders)

    def log_density(self, values: Floats) -> Floats:
        """Return the logarithm of the density, shape (n,), at values of shape (n, d)."""
        outside = np.maximum((self.lower - values) / self.lower_shoulder, 0)
        outside += np.maximum((values - self.upper) / self.upper_shoulder, 0)
        log_height = -np.log(self.widths).sum()
        return np.asarray(log_height - 0.5 * np.einsum("nd,nd->n", outside, outside))


def _quantiles(ordered: Floats, share: float) -> Floats:
    """Linear quantile of every column of values that are already in order."""
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return np.asarray(ordered[below] + (position - below) * (ordered[above] - ordered[below]))
