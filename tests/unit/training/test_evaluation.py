"""Metrics, calibration bins, conformal thresholds: calculated by hand on a few rows."""

import math

import numpy as np
import pytest

from menagerie.animal import CLASSES, Species
from menagerie.manifest import ClassMetrics, ConformalThresholds, Metrics
from training.evaluation import MAX_THRESHOLD, calibrate, calibration_bins, evaluate, expected_calibration_error
from training.model.onnx_export import Parity

THRESHOLDS = ConformalThresholds(target_coverage=0.95, minimum_probability=dict.fromkeys(CLASSES, 0.3))
LABELS = np.array([0, 0, 0, 4])
PROBABILITIES = np.array(
    [[0.9, 0, 0, 0.1, 0], [0.6, 0, 0, 0.4, 0], [0, 0, 0, 1, 0], [0, 0, 0.5, 0.1, 0.4]], dtype=np.float32
)
METRICS = evaluate(PROBABILITIES, LABELS, THRESHOLDS, Parity(rows=7, max_difference=1e-6))


def test_accuracy_is_the_share_of_rows_answered_with_their_label() -> None:
    assert (METRICS.rows, METRICS.accuracy) == (4, 0.5)


def test_the_confusion_matrix_has_labels_as_rows_and_answers_as_columns() -> None:
    expected = np.zeros((5, 5))
    expected[0, 0], expected[0, 3], expected[4, 2] = 2, 1, 1
    assert METRICS.confusion_matrix == expected.tolist()


def test_precision_recall_and_f1_are_of_one_class_each() -> None:
    kangaroo = METRICS.per_class[Species.KANGAROO]
    assert (kangaroo.precision, kangaroo.support) == (1, 3)
    assert kangaroo.recall == pytest.approx(2 / 3)
    assert kangaroo.f1 == pytest.approx(0.8)


def test_a_class_that_neither_occurs_nor_is_answered_has_no_division_by_zero() -> None:
    elephant = METRICS.per_class[Species.ELEPHANT]
    assert (elephant.precision, elephant.recall, elephant.f1, elephant.support) == (0, 0, 0, 0)


def test_log_loss_is_in_nats_and_finite_for_a_probability_of_zero() -> None:
    expected = -(math.log(0.9) + math.log(0.6) + math.log(np.finfo(np.float32).eps) + math.log(0.4)) / 4
    assert METRICS.log_loss == pytest.approx(expected, rel=1e-6)


def test_the_brier_score_is_the_mean_squared_distance_from_the_label() -> None:
    of_rows = [0.1**2 + 0.1**2, 0.4**2 + 0.4**2, 2, 0.5**2 + 0.1**2 + 0.6**2]
    assert METRICS.brier_score == pytest.approx(sum(of_rows) / 4)


def test_coverage_and_set_size_are_those_of_the_prediction_sets() -> None:
    assert METRICS.coverage == 0.75
    assert METRICS.mean_set_size == (1 + 2 + 1 + 2) / 4


def test_coverage_of_a_class_is_that_of_the_rows_with_its_label() -> None:
    assert METRICS.per_class[Species.KANGAROO].coverage == pytest.approx(2 / 3)
    assert METRICS.per_class[Species.UNKNOWN].coverage == 1
    assert METRICS.per_class[Species.ELEPHANT].coverage is None


def test_a_most_probable_label_below_its_threshold_is_covered_but_did_not_reach_it() -> None:
    strict = ConformalThresholds(target_coverage=0.95, minimum_probability=dict.fromkeys(CLASSES, 0.7))
    metrics = evaluate(PROBABILITIES, LABELS, strict, Parity(rows=7, max_difference=1e-6))
    assert (metrics.coverage, metrics.threshold_reached) == (0.5, 0.25)
    assert metrics.per_class[Species.KANGAROO].threshold_reached == pytest.approx(1 / 3)


def test_the_share_answered_unknown_is_that_of_the_answers() -> None:
    answered_unknown = np.array([[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]], dtype=np.float32)
    metrics = evaluate(answered_unknown, np.array([0, 0]), THRESHOLDS, Parity(rows=7, max_difference=0))
    assert metrics.share_unknown == 0.5


def test_every_figure_is_defined() -> None:
    figures = {*Metrics.model_fields, *(f"per_class.{name}" for name in ClassMetrics.model_fields)}
    assert set(METRICS.definitions) == figures - {"definitions", "per_class"}


def test_the_comparison_with_scikit_learn_is_recorded() -> None:
    assert (METRICS.onnx_rows_compared, METRICS.onnx_max_difference) == (7, 1e-6)


# Three answers of kangaroo, with 0.95, 0.95 and 0.6; the second and third are dogs.
OVERCONFIDENT = np.array([[0.95, 0, 0, 0.05, 0], [0.95, 0, 0, 0.05, 0], [0.6, 0, 0, 0.4, 0]], dtype=np.float32)
TRUE_LABELS = np.array([0, 3, 3])


def test_a_bin_has_its_rows_with_mean_confidence_and_accuracy() -> None:
    low, high = calibration_bins(OVERCONFIDENT, TRUE_LABELS)
    assert (low.lower, low.upper, low.rows, low.accuracy) == (0.5, 0.7, 1, 0.0)
    assert (high.lower, high.upper, high.rows, high.accuracy) == (0.9, 0.99, 2, 0.5)
    assert [low.confidence, high.confidence] == pytest.approx([0.6, 0.95])


def test_a_confidence_of_one_is_in_the_last_bin() -> None:
    (only,) = calibration_bins(np.eye(5, dtype=np.float32), np.arange(5))
    assert (only.upper, only.rows, only.confidence, only.accuracy) == (1.0, 5, 1.0, 1.0)


def test_the_expected_calibration_error_weights_each_bin_by_its_rows() -> None:
    assert expected_calibration_error(calibration_bins(OVERCONFIDENT, TRUE_LABELS)) == pytest.approx(
        (1 * 0.6 + 2 * 0.45) / 3
    )


def answers(own: np.ndarray, label: int) -> np.ndarray:
    """Return probabilities in which the label of each row has the given one and the next class the rest."""
    probabilities = np.zeros((len(own), 5), dtype=np.float32)
    probabilities[:, label] = own
    probabilities[:, (label + 1) % 5] = 1 - own
    return probabilities


@pytest.mark.parametrize("n", [19, 20, 100, 399])
def test_a_threshold_leaves_out_one_calibration_row_in_twenty_less_one(n: int) -> None:
    own = np.linspace(0.5, 0.9, n).astype(np.float32)
    thresholds = calibrate(answers(own, 2), np.full(n, 2))
    below = (own < np.float32(thresholds.minimum_probability[Species.CHICKEN])).sum()
    assert below == (n + 1) // 20 - 1


def test_coverage_on_fresh_rows_is_the_target() -> None:
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(300):
        calibration, fresh = rng.beta(8, 1, 100), rng.beta(8, 1, 2000)
        thresholds = calibrate(answers(calibration, 0), np.zeros(100, dtype=np.int64))
        covered.append((fresh >= thresholds.minimum_probability[Species.KANGAROO]).mean())
    assert 0.95 - 0.005 < np.mean(covered) < 0.96 + 0.005


def test_each_class_has_its_own_threshold() -> None:
    sure, unsure = np.linspace(0.9, 0.99, 100), np.linspace(0.5, 0.6, 100)
    probabilities = np.concatenate([answers(sure, 1), answers(unsure, 3)])
    minimum = calibrate(probabilities, np.repeat([1, 3], 100)).minimum_probability
    assert minimum[Species.ELEPHANT] > 0.9 > 0.6 > minimum[Species.DOG] > 0.5


def test_a_class_with_few_rows_is_covered_whole_while_one_without_gets_the_threshold_of_all() -> None:
    few, many = np.array([0.4, 0.9, 0.95]), np.linspace(0.6, 0.9, 97)
    minimum = calibrate(
        np.concatenate([answers(few, 4), answers(many, 0)]), np.repeat([4, 0], [3, 97])
    ).minimum_probability
    assert minimum[Species.UNKNOWN] == pytest.approx(0.4)
    everything = np.sort(np.concatenate([few, many]))
    assert minimum[Species.DOG] == pytest.approx(everything[4], abs=1e-6)


def test_a_threshold_is_below_one() -> None:
    minimum = calibrate(answers(np.ones(100), 4), np.full(100, 4)).minimum_probability
    assert minimum[Species.UNKNOWN] == MAX_THRESHOLD < 1
