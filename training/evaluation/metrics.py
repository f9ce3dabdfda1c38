"""Measures a model on rows it was not fitted on."""

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES
from menagerie.manifest import ClassMetrics, ConformalThresholds, Metrics, metric_definitions
from training.evaluation import calibration
from training.evaluation.conformal import in_set, reaches_threshold
from training.labelling.label import UNKNOWN, Labels
from training.model.parity import Parity

# The smallest step of a float32 below one: no probability is known better than that.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)


def evaluate(
    probabilities: NDArray[np.float32], labels: Labels, thresholds: ConformalThresholds, parity: Parity
) -> Metrics:
    """Return the metrics of probabilities of shape (n, 5) against labels of shape (n,), n ≥ 1; log loss in nats."""
    answers = probabilities.argmax(axis=1)
    own_place = (np.arange(len(labels)), labels)
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(confusion, (labels, answers), 1)
    own = probabilities[own_place].astype(np.float64)
    inside = in_set(probabilities, thresholds)
    is_covered, is_reached = inside[own_place], reaches_threshold(probabilities, thresholds)[own_place]
    bins = calibration.bins(probabilities, labels)
    return Metrics(
        rows=len(labels),
        accuracy=float((answers == labels).mean()),
        log_loss=float(-np.log(np.clip(own, SMALLEST_PROBABILITY, 1)).mean()),
        coverage=float(is_covered.mean()),
        mean_set_size=float(inside.sum(axis=1).mean()),
        threshold_reached=float(is_reached.mean()),
        share_unknown=float((answers == UNKNOWN).mean()),
        brier_score=calibration.brier_score(probabilities, labels),
        expected_calibration_error=calibration.expected_error(bins),
        per_class={
            species: _of_class(confusion, index, is_covered[labels == index], is_reached[labels == index])
            for index, species in enumerate(CLASSES)
        },
        calibration=bins,
        confusion_matrix=confusion.tolist(),
        onnx_rows_compared=parity.rows,
        onnx_max_difference=parity.max_difference,
        definitions=metric_definitions(),
    )


def _of_class(
    confusion: NDArray[np.int64], index: int, is_covered: NDArray[np.bool_], is_reached: NDArray[np.bool_]
) -> ClassMetrics:
    hits, support, answered = (
        int(n) for n in (confusion[index, index], confusion[index].sum(), confusion[:, index].sum())
    )
    return ClassMetrics(
        precision=hits / answered if answered else 0.0,
        recall=hits / support if support else 0.0,
        f1=2 * hits / (support + answered) if support + answered else 0.0,
        support=support,
        coverage=float(is_covered.mean()) if support else None,
        threshold_reached=float(is_reached.mean()) if support else None,
    )
