"""Split conformal prediction: which species can be ruled out, with a stated share of mistakes.

Thresholds by class after Sadinle, Lei & Wasserman, "Least ambiguous set-valued classifiers with bounded error levels",
JASA 114, 2019; every row outside the held-out fold serves for calibration, scored by a classifier that has not seen it,
after Vovk, "Cross-conformal predictors", Annals of Mathematics and Artificial Intelligence 74, 2015.
"""

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES
from menagerie.manifest import ConformalThresholds
from training.labelling import Labels

TARGET_COVERAGE = 0.95
# Equal probabilities may differ by this after the last rounding, and belong on the same side of a threshold.
ROUNDING = float(np.finfo(np.float32).eps)


def calibrate(
    probabilities: NDArray[np.float32], labels: Labels, target_coverage: float = TARGET_COVERAGE
) -> ConformalThresholds:
    """Return for each class the probability that `target_coverage` of its rows reach.

    `probabilities` has shape (n, 5) and comes from classifiers that have not seen the rows. A class with too few rows
    for a threshold of its own gets that of all rows together.
    """
    own = probabilities[np.arange(len(labels)), labels]
    everybody = _reached_by(own, target_coverage)
    minimum = {}
    for index, species in enumerate(CLASSES):
        of_class = own[labels == index]
        minimum[species] = (
            _reached_by(of_class, target_coverage) if _rank(len(of_class), target_coverage) else everybody
        )
    return ConformalThresholds(target_coverage=target_coverage, minimum_probability=minimum)


def in_set(probabilities: NDArray[np.floating], thresholds: ConformalThresholds) -> NDArray[np.bool_]:
    """Return which classes are in the prediction set of each row, shape (n, 5)."""
    minimum = np.array([thresholds.minimum_probability[species] for species in CLASSES], dtype=np.float32)
    inside = probabilities >= minimum
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    return inside


def _rank(n: int, target_coverage: float) -> int:
    """Of n calibration rows and a new one, the new one falls below the row of this rank just often enough."""
    return int((1 - target_coverage) * (n + 1) + 1e-9)


def _reached_by(own: NDArray[np.float32], target_coverage: float) -> float:
    rank = _rank(len(own), target_coverage)
    return max(float(np.partition(own, rank - 1)[rank - 1]) - ROUNDING, 0.0) if rank else 0.0
