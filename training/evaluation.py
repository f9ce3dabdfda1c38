"""Measures a fitted model: thresholds of the prediction sets, metrics on held-out rows, and canary rows."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from menagerie.animal import CLASSES, Species, animal_of
from menagerie.classifier import in_prediction_set, reaches_threshold
from menagerie.manifest import CalibrationBin, Canary, ClassMetrics, ConformalThresholds, Metrics, metric_definitions
from training.model.onnx_export import Parity
from training.rows import UNKNOWN, Labels

TARGET_COVERAGE = 0.95
# Below one by a few float32 steps: on another machine a certain answer may lack its last bits.
MAX_THRESHOLD = 1 - 4 * float(np.finfo(np.float32).eps)
# Finer towards one, where nearly all answers are; the last bin includes one.
CALIBRATION_EDGES = (0.0, 0.5, 0.7, 0.9, 0.99, 0.999, 1.0)

_INDICES = range(len(CLASSES))


def calibrate(
    probabilities: NDArray[np.float32], labels: Labels, target_coverage: float = TARGET_COVERAGE
) -> ConformalThresholds:
    """Return for each class the probability that `target_coverage` of its rows reach: split conformal prediction.

    `probabilities` has shape (n, classes), n ≥ 1, and comes from a classifier that was not fitted to the rows. If a
    class has fewer than 19 rows (at 95 %), its threshold is the lowest of them: m rows can promise at most m / (m + 1).
    A class without rows gets the threshold of all rows together.

    Thresholds by class: Sadinle, Lei & Wasserman, "Least ambiguous set-valued classifiers with bounded error levels",
    Journal of the American Statistical Association 114, 2019.
    """
    own = probabilities[np.arange(len(labels)), labels]
    minimum = {}
    for index, species in enumerate(CLASSES):
        of_class = own[labels == index] if (labels == index).any() else own
        # A new row is below the calibration row of this rank, of m, with probability rank / (m + 1).
        rank = max(int((1 - target_coverage) * (len(of_class) + 1) + 1e-9), 1)
        minimum[species] = min(float(np.partition(of_class, rank - 1)[rank - 1]), MAX_THRESHOLD)
    return ConformalThresholds(target_coverage=target_coverage, minimum_probability=minimum)


def evaluate(
    probabilities: NDArray[np.float32], labels: Labels, thresholds: ConformalThresholds, parity: Parity
) -> Metrics:
    """Return the metrics of probabilities of shape (n, classes) against n ≥ 1 labels; log loss in nats."""
    answers = probabilities.argmax(axis=1)
    bounded = np.clip(probabilities, 0, 1)  # float32 arithmetic leaves a few just above one
    own = (np.arange(len(labels)), labels)
    sets = in_prediction_set(probabilities, thresholds)
    is_covered, is_reached = sets[own], reaches_threshold(probabilities, thresholds)[own]
    calibration = calibration_bins(probabilities, labels)
    return Metrics(
        rows=len(labels),
        accuracy=float(accuracy_score(labels, answers)),
        log_loss=float(log_loss(labels, bounded, labels=_INDICES)),
        coverage=float(is_covered.mean()),
        mean_set_size=float(sets.sum(axis=1).mean()),
        threshold_reached=float(is_reached.mean()),
        share_unknown=float((answers == UNKNOWN).mean()),
        brier_score=float(brier_score_loss(labels, bounded, labels=_INDICES)),
        expected_calibration_error=expected_calibration_error(calibration),
        per_class=_class_metrics(answers, labels, is_covered, is_reached),
        calibration=calibration,
        confusion_matrix=confusion_matrix(labels, answers, labels=_INDICES).tolist(),
        onnx_rows_compared=parity.rows,
        onnx_max_difference=parity.max_difference,
        definitions=metric_definitions(),
    )


def _class_metrics(
    answers: Labels, labels: Labels, is_covered: NDArray[np.bool_], is_reached: NDArray[np.bool_]
) -> dict[Species, ClassMetrics]:
    scores = precision_recall_fscore_support(labels, answers, labels=_INDICES, zero_division=0)
    return {
        species: ClassMetrics(
            precision=float(precision),
            recall=float(recall),
            f1=float(f1),
            support=int(support),
            coverage=float(is_covered[labels == index].mean()) if support else None,
            threshold_reached=float(is_reached[labels == index].mean()) if support else None,
        )
        for index, (species, precision, recall, f1, support) in enumerate(zip(CLASSES, *scores, strict=True))
    }


def calibration_bins(probabilities: NDArray[np.float32], labels: Labels) -> tuple[CalibrationBin, ...]:
    """Return confidence and accuracy by bin for probabilities of shape (n, classes) and labels of shape (n,).

    scikit-learn's `calibration_curve` has bins of equal width or of equal counts, for two classes.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == labels
    number = np.digitize(confidence, CALIBRATION_EDGES[1:-1])
    return tuple(
        CalibrationBin(
            lower=CALIBRATION_EDGES[index],
            upper=CALIBRATION_EDGES[index + 1],
            rows=int((number == index).sum()),
            confidence=float(confidence[number == index].mean()),
            accuracy=float(is_right[number == index].mean()),
        )
        for index in np.unique(number).tolist()
    )


def expected_calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """Return the mean of |confidence - accuracy| over the bins, weighted by their rows.

    Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    rows = sum(bin_.rows for bin_ in bins)
    return sum(bin_.rows * abs(bin_.confidence - bin_.accuracy) for bin_ in bins) / rows


def choose_canaries(
    rows: NDArray[np.float32], probabilities: NDArray[np.float32], labels: Labels
) -> tuple[Canary, ...]:
    """Return for each label its row of median certainty and its least certain one, with their probabilities.

    A loaded model must reproduce them. Shapes: `rows` (n, features), `probabilities` (n, classes), `labels` (n,).
    """
    own = probabilities[np.arange(len(labels)), labels]
    chosen: list[int] = []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        by_certainty = places[np.argsort(own[places], kind="stable")]
        chosen += dict.fromkeys([int(by_certainty[len(places) // 2]), int(by_certainty[0])])
    return tuple(
        Canary(
            animal=animal_of(rows[place].tolist()),
            probabilities=dict(zip(CLASSES, probabilities[place].tolist(), strict=True)),
        )
        for place in chosen
    )
