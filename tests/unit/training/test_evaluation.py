"""Metrics, worked out by hand on a few rows."""

import math

import numpy as np
import pytest

from menagerie.animal import CLASSES, Species
from menagerie.manifest import ClassMetrics, ConformalThresholds, Metrics
from training.evaluation.metrics import SMALLEST_PROBABILITY, evaluate
from training.model.parity import Parity

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


def test_log_loss_is_in_nats_and_finite_for_what_was_held_impossible() -> None:
    expected = -(math.log(0.9) + math.log(0.6) + math.log(SMALLEST_PROBABILITY) + math.log(0.4)) / 4
    assert METRICS.log_loss == pytest.approx(expected, rel=1e-6)


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


def test_the_comparison_with_scikit_learn_is_told() -> None:
    assert (METRICS.onnx_rows_compared, METRICS.onnx_max_difference) == (7, 1e-6)
