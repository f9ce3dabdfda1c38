"""Measures whether confidence means what it says: of the answers given with 90 %, nine in ten should be right."""

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES
from menagerie.manifest import CalibrationBin
from training.labelling.label import Labels

# Finer towards one, where nearly all answers are; the last bin includes one.
EDGES = (0.0, 0.5, 0.7, 0.9, 0.99, 0.999, 1.0)


def bins(probabilities: NDArray[np.float32], labels: Labels) -> tuple[CalibrationBin, ...]:
    """Return confidence against accuracy for probabilities of shape (n, 5) and labels of shape (n,), bin by bin."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == labels
    number = np.digitize(confidence, EDGES[1:-1])
    return tuple(
        CalibrationBin(
            lower=EDGES[place],
            upper=EDGES[place + 1],
            rows=int((number == place).sum()),
            confidence=float(confidence[number == place].mean()),
            accuracy=float(is_right[number == place].mean()),
        )
        for place in np.unique(number).tolist()
    )


def expected_error(calibration: tuple[CalibrationBin, ...]) -> float:
    """Return the mean of |confidence - accuracy| over the bins, each by its rows.

    Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    rows = sum(each.rows for each in calibration)
    return sum(each.rows * abs(each.confidence - each.accuracy) for each in calibration) / rows


def brier_score(probabilities: NDArray[np.float32], labels: Labels) -> float:
    """Return the mean over n rows of the squared distance from the truth, 0 to 2; shapes (n, 5) and (n,).

    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
    """
    truth = np.eye(len(CLASSES))[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())
