"""A scikit-learn classifier: naive Bayes with a plateau density for every class and feature, and a background class."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from training.model.background import ENOUGH_ROWS, EVEN_SHARE
from training.model.plateau import TINY, Floats, Plateau

# A whole number that differs by one lies ten shoulders outside: fifty in log-likelihood, beyond appeal.
COUNT_SHOULDER = 0.1


class PlateauNaiveBayes(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """Naive Bayes (Maron, "Automatic indexing", Journal of the ACM 8, 1961) with the densities of `Plateau`.

    `counts` names the columns that hold whole numbers or booleans: between two values of theirs lies nothing.
    `background` names the class of what belongs to no other; it always is a class, seen or not. It is a mixture of a
    plateau of its own and a small share spread evenly over all rows, so whatever is far from everything belongs to it.

    Fitted, with k components (one for each class, two for the background) over d features:
    `classes_`, sorted; `component_class_` (k,), the place of each component's class; `log_peak_` (k,), logarithm of
    prior times density on the plateau; `lower_`, `upper_`, `lower_shoulder_`, `upper_shoulder_`, each (k, d).
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
        for place, name in enumerate(self.classes_):
            of_class = rows[labels == name]
            if self.background is None or name != self.background:
                components.append((place, np.log(len(of_class) / len(rows)), *_plateau(of_class, is_count)))
                continue
            # The rule of succession: none seen among n does not mean there is none.
            log_prior = np.log((len(of_class) + 1) / (len(rows) + 1))
            enough = len(of_class) >= ENOUGH_ROWS
            if enough:
                components.append((place, log_prior + np.log1p(-EVEN_SHARE), *_plateau(of_class, is_count)))
            log_share = np.log(EVEN_SHARE) if enough else 0.0
            components.append((place, log_prior + log_share, *_even(rows, is_count)))
        places, log_shares, log_heights, plateaus = zip(*components, strict=True)
        self.component_class_ = np.array(places)
        self.log_peak_ = np.array(log_shares) + np.array(log_heights)
        self.lower_ = np.stack([plateau.lower for plateau in plateaus])
        self.upper_ = np.stack([plateau.upper for plateau in plateaus])
        self.lower_shoulder_ = np.stack([plateau.lower_shoulder for plateau in plateaus])
        self.upper_shoulder_ = np.stack([plateau.upper_shoulder for plateau in plateaus])
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the probability of every class, shape (n, classes), for rows of shape (n, d)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        scores = np.empty((len(rows), len(self.log_peak_)))
        for k, log_peak in enumerate(self.log_peak_):
            outside = np.maximum((self.lower_[k] - rows) / self.lower_shoulder_[k], 0)
            outside += np.maximum((rows - self.upper_[k]) / self.upper_shoulder_[k], 0)
            scores[:, k] = log_peak - 0.5 * np.einsum("nd,nd->n", outside, outside)
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


def _plateau(rows: Floats, is_count: NDArray[np.bool_]) -> tuple[float, Plateau]:
    """Fit all features; return the logarithm of the density on the plateau, and the plateau."""
    fitted = Plateau.fit(rows)
    lower = np.where(is_count, np.floor(fitted.lower), fitted.lower)
    upper = np.where(is_count, np.ceil(fitted.upper), fitted.upper)
    widths = np.where(is_count, upper - lower + 1, fitted.widths)
    return -float(np.log(widths).sum()), Plateau(
        lower,
        upper,
        np.where(is_count, COUNT_SHOULDER, fitted.lower_shoulder),
        np.where(is_count, COUNT_SHOULDER, fitted.upper_shoulder),
    )


def _even(rows: Floats, is_count: NDArray[np.bool_]) -> tuple[float, Plateau]:
    """Spread evenly over the range of the rows; shoulders without end, so it is no lower beyond."""
    lower, upper = rows.min(axis=0), rows.max(axis=0)
    widths = np.maximum(upper - lower + is_count, TINY)
    endless = np.full_like(lower, np.inf)
    return -float(np.log(widths).sum()), Plateau(lower, upper, endless, endless)
