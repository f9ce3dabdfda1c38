"""The flat-top density, uniform between two quantiles with Gaussian tails, and naive Bayes with it.

The density of a feature is that of a two-piece normal distribution (John, "The three-parameter two-piece normal family
of distributions and its fitting", Communications in Statistics 11, 1982) with a uniform part between its halves.
Height and weight of a species may be uniform, bell-shaped or skewed; outliers are decided by how fast the density
falls at the edges. So the tails are fitted to the observations beyond a high threshold only, as in extreme value
statistics (peaks over threshold: Pickands, "Statistical inference using extreme order statistics", Annals of
Statistics 3, 1975). The share of observations in the tails shrinks with one over the root of their number, so the
edges become sharper with more rows. Every parameter is a quantile, so a few outliers among the rows change little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]

# Share of the observations in each tail: TAIL_SHARE / sqrt(n), within bounds. All values in the uniform part have the
# same density; the lower bound keeps enough rows in the tails for conformal prediction to find the outermost 5 %.
TAIL_SHARE = 1.5
MIN_TAIL_SHARE = 0.02
MAX_TAIL_SHARE = 0.25
# A uniform distribution needs no tail and a bell-shaped one a wide tail: this factor suits both.
WIDENING = 1.25
# The scale of a tail is at least this share of the value at the edge, so that equal values have a density.
MIN_RELATIVE_SCALE = 0.002
TINY = 1e-6
# A count that differs by one is ten scales outside: its log-likelihood is lower by fifty.
COUNT_SCALE = 0.1
# Share of the background that is uniform over the range of all rows; all of it with fewer background rows than that.
UNIFORM_SHARE = 0.02
MIN_BACKGROUND_ROWS = 10


@dataclass(frozen=True, slots=True)
class FlatTopDensity:
    """Independent flat-top densities of d features; each array has shape (d,), in the unit of its feature."""

    lower: Floats
    """Lower end of the uniform part."""
    upper: Floats
    """Upper end of the uniform part."""
    lower_scale: Floats
    """Standard deviation of the Gaussian tail below `lower`."""
    upper_scale: Floats
    """Standard deviation of the Gaussian tail above `upper`."""

    @classmethod
    def fit(cls, values: Floats, *, robust: bool = False) -> Self:
        """Fit to values of shape (n, d), n ≥ 2; `robust` tolerates up to a fifth of foreign values on each side."""
        n = len(values)
        tail = MAX_TAIL_SHARE if robust else float(np.clip(TAIL_SHARE / np.sqrt(n), MIN_TAIL_SHARE, MAX_TAIL_SHARE))
        level = 0.5 if robust else 0.75
        ordered = np.sort(values, axis=0)
        lower, upper = _quantiles(ordered, tail), _quantiles(ordered, 1 - tail)
        # The `level` quantile of the excesses over an edge, as a quantile of all observations.
        outer = tail * (1 - level)
        lower_excess = lower - _quantiles(ordered, outer)
        upper_excess = _quantiles(ordered, 1 - outer) - upper
        # At least the excess of a uniform distribution: rounded values may have none.
        uniform_excess = (upper - lower) * tail * level / (1 - 2 * tail)
        min_scale = np.maximum(MIN_RELATIVE_SCALE * np.abs(upper), TINY)
        widening = WIDENING * (1 + 1 / np.sqrt(n * tail)) / NormalDist().inv_cdf((1 + level) / 2)
        return cls(
            lower,
            upper,
            np.maximum(np.maximum(lower_excess, uniform_excess) * widening, min_scale),
            np.maximum(np.maximum(upper_excess, uniform_excess) * widening, min_scale),
        )

    @property
    def widths(self) -> Floats:
        """Width of the uniform distribution with the same maximum, shape (d,): one over the density at the top."""
        tails = np.sqrt(np.pi / 2) * (self.lower_scale + self.upper_scale)
        return np.asarray(self.upper - self.lower + tails)

    def log_density(self, values: Floats) -> Floats:
        """Return the logarithm of the density, shape (n,), at values of shape (n, d)."""
        return -float(np.log(self.widths).sum()) - 0.5 * self.squared_distance(values)

    def squared_distance(self, values: Floats) -> Floats:
        """Return the squared distance from the uniform part in scales of the tails, shape (n,), for shape (n, d)."""
        outside = np.maximum((self.lower - values) / self.lower_scale, 0)
        outside += np.maximum((values - self.upper) / self.upper_scale, 0)
        return np.asarray(np.einsum("nd,nd->n", outside, outside))


@dataclass(frozen=True, slots=True)
class BackgroundDensity:
    """A mixture of a flat-top density of the background rows and a uniform density over the range of all rows."""

    flat_top: FlatTopDensity | None
    log_uniform: float
    """Logarithm of the uniform density."""

    @classmethod
    def fit(cls, background: Floats, everything: Floats) -> Self:
        """Fit to background rows of shape (m, d), m ≥ 0, among all rows of shape (n, d)."""
        spread = np.maximum(np.ptp(everything, axis=0), TINY)
        flat_top = FlatTopDensity.fit(background) if len(background) >= MIN_BACKGROUND_ROWS else None
        return cls(flat_top, -float(np.log(spread).sum()))

    def log_density(self, values: Floats) -> Floats:
        """Return the logarithm of the density, shape (n,), at values of shape (n, d)."""
        if self.flat_top is None:
            return np.full(len(values), self.log_uniform)
        uniform = np.full(len(values), np.log(UNIFORM_SHARE) + self.log_uniform)
        return np.asarray(np.logaddexp(np.log1p(-UNIFORM_SHARE) + self.flat_top.log_density(values), uniform))


class FlatTopNaiveBayes(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """Naive Bayes (Maron, "Automatic indexing", Journal of the ACM 8, 1961) with flat-top densities.

    `counts` are the columns of whole numbers or booleans. `background` is the class of rows that belong to no other
    class; it is in `classes_` even if no row has it. Its density is a mixture of a flat-top density and a small share
    that is uniform over the range of all rows, so that rows far from all classes belong to it.

    Fitted, with k components (one for each class, two for the background) over d features:
    `classes_`, sorted; `component_class_` (k,), the index of each component's class; `log_peak_` (k,), logarithm of
    prior times maximum density; `lower_`, `upper_`, `lower_scale_`, `upper_scale_`, each (k, d).
    """

    def __init__(self, counts: Sequence[int] = (), background: object = None) -> None:
        self.counts = counts
        self.background = background

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit to rows of shape (n, d) and their classes of shape (n,)."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        seen = np.unique(labels)
        self.classes_ = seen if self.background is None else np.union1d(seen, np.array([self.background]))
        is_count = np.isin(np.arange(rows.shape[1]), list(self.counts))
        components = []
        for index, name in enumerate(self.classes_):
            of_class = rows[labels == name]
            if self.background is None or name != self.background:
                components.append((index, np.log(len(of_class) / len(rows)), *_flat_top(of_class, is_count)))
                continue
            # Laplace's rule of succession: a class without rows is not impossible.
            log_prior = np.log((len(of_class) + 1) / (len(rows) + 1))
            if len(of_class) >= MIN_BACKGROUND_ROWS:
                components.append((index, log_prior + np.log1p(-UNIFORM_SHARE), *_flat_top(of_class, is_count)))
                log_prior += np.log(UNIFORM_SHARE)
            components.append((index, log_prior, *_uniform(rows, is_count)))
        classes, log_priors, log_maxima, densities = zip(*components, strict=True)
        self.component_class_ = np.array(classes)
        self.log_peak_ = np.array(log_priors) + np.array(log_maxima)
        self.lower_ = np.stack([density.lower for density in densities])
        self.upper_ = np.stack([density.upper for density in densities])
        self.lower_scale_ = np.stack([density.lower_scale for density in densities])
        self.upper_scale_ = np.stack([density.upper_scale for density in densities])
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the probability of each class, shape (n, classes), for rows of shape (n, d)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        scores = np.empty((len(rows), len(self.log_peak_)))
        parameters = zip(self.lower_, self.upper_, self.lower_scale_, self.upper_scale_, strict=True)
        for k, component in enumerate(parameters):
            scores[:, k] = self.log_peak_[k] - 0.5 * FlatTopDensity(*component).squared_distance(rows)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        result: Floats = scores @ (self.component_class_[:, None] == np.arange(len(self.classes_)))
        return result

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:  # noqa: N803 - scikit-learn's name
        """Return the most probable class of each row, shape (n,)."""
        probabilities = self.predict_proba(X)
        answer: NDArray[np.generic] = self.classes_[probabilities.argmax(axis=1)]
        return answer


def _flat_top(rows: Floats, is_count: NDArray[np.bool_]) -> tuple[float, FlatTopDensity]:
    """Return the logarithm of the maximum density and the density, with edges of counts at whole numbers."""
    fitted = FlatTopDensity.fit(rows)
    lower = np.where(is_count, np.floor(fitted.lower), fitted.lower)
    upper = np.where(is_count, np.ceil(fitted.upper), fitted.upper)
    widths = np.where(is_count, upper - lower + 1, fitted.widths)
    return -float(np.log(widths).sum()), FlatTopDensity(
        lower,
        upper,
        np.where(is_count, COUNT_SCALE, fitted.lower_scale),
        np.where(is_count, COUNT_SCALE, fitted.upper_scale),
    )


def _uniform(rows: Floats, is_count: NDArray[np.bool_]) -> tuple[float, FlatTopDensity]:
    """Return the same for a uniform density over the range of the rows; infinite scales extend it beyond the range."""
    lower, upper = rows.min(axis=0), rows.max(axis=0)
    widths = np.maximum(upper - lower + is_count, TINY)
    infinite = np.full_like(lower, np.inf)
    return -float(np.log(widths).sum()), FlatTopDensity(lower, upper, infinite, infinite)


def _quantiles(ordered: Floats, share: float) -> Floats:
    """Return the linearly interpolated quantile of each column of sorted values, shape (d,) for shape (n, d)."""
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return np.asarray(ordered[below] + (position - below) * (ordered[above] - ordered[below]))
