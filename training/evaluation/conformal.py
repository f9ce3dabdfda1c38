"""Split conformal prediction: which species can be ruled out, with a stated share of mistakes.

Thresholds by class after Sadinle, Lei & Wasserman, "Least ambiguous set-valued classifiers with bounded error levels",
Journal of the American Statistical Association 114, 2019: one for each class, from rows the classifier has not seen.
"""

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES
from menagerie.manifest import ConformalThresholds
from training.labelling.label import Labels

TARGET_COVERAGE = 0.95
# Certainty is a float32 that may lack its last bits elsewhere: a threshold at one would refuse what is as good as sure.
HIGHEST_THRESHOLD = 1 - 4 * float(np.finfo(np.float32).eps)


def calibrate(
    probabilities: NDArray[np.float32], labels: Labels, target_coverage: float = TARGET_COVERAGE
) -> ConformalThresholds:
    """Return for each class the probability that `target_coverage` of its rows reach, for n ≥ 1 calibration rows.

    `probabilities` has shape (n, 5) and comes from a classifier that has not seen the rows. Of a class with fewer than
    19 rows (at 95 %) all have to reach it: m / (m + 1) is the most that m rows can promise. A class without any gets
    the threshold of all rows together.
    """
    own = probabilities[np.arange(len(labels)), labels]
    minimum = {}
    for index, species in enumerate(CLASSES):
        of_class = own[labels == index] if (labels == index).any() else own
        # A new row is below the calibration row of this rank, of m, with probability rank / (m + 1).
        rank = max(int((1 - target_coverage) * (len(of_class) + 1) + 1e-9), 1)
        minimum[species] = min(float(np.partition(of_class, rank - 1)[rank - 1]), HIGHEST_THRESHOLD)
    return ConformalThresholds(target_coverage=target_coverage, minimum_probability=minimum)


def reaches_threshold(probabilities: NDArray[np.floating], thresholds: ConformalThresholds) -> NDArray[np.bool_]:
    """Return which classes reach their threshold for each row, shape (n, 5); this is what coverage is promised of."""
    minimum = np.array([thresholds.minimum_probability[species] for species in CLASSES], dtype=np.float32)
    return np.asarray(probabilities >= minimum)


def in_set(probabilities: NDArray[np.floating], thresholds: ConformalThresholds) -> NDArray[np.bool_]:
    """Return which classes are in the prediction set of each row, shape (n, 5): the most probable one always is."""
    inside = reaches_threshold(probabilities, thresholds)
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    return inside
