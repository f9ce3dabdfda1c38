"""Calibration, worked out by hand on a few rows."""

import numpy as np
import pytest

from training.evaluation.calibration import bins, brier_score, expected_error

# Answered kangaroo three times, with 0.95, 0.95 and 0.6; the second and the third are dogs.
PROBABILITIES = np.array([[0.95, 0, 0, 0.05, 0], [0.95, 0, 0, 0.05, 0], [0.6, 0, 0, 0.4, 0]], dtype=np.float32)
LABELS = np.array([0, 3, 3])


def test_a_bin_tells_its_rows_their_mean_confidence_and_how_many_are_right() -> None:
    low, high = bins(PROBABILITIES, LABELS)
    assert (low.lower, low.upper, low.rows, low.accuracy) == (0.5, 0.7, 1, 0.0)
    assert (high.lower, high.upper, high.rows, high.accuracy) == (0.9, 0.99, 2, 0.5)
    assert [low.confidence, high.confidence] == pytest.approx([0.6, 0.95])


def test_certainty_falls_into_the_last_bin() -> None:
    (only,) = bins(np.eye(5, dtype=np.float32), np.arange(5))
    assert (only.upper, only.rows, only.confidence, only.accuracy) == (1.0, 5, 1.0, 1.0)


def test_the_expected_error_weighs_each_bin_by_its_rows() -> None:
    assert expected_error(bins(PROBABILITIES, LABELS)) == pytest.approx((1 * 0.6 + 2 * 0.45) / 3)


def test_the_brier_score_is_zero_for_the_truth_and_two_for_its_opposite() -> None:
    truth = np.eye(5, dtype=np.float32)
    assert brier_score(truth, np.arange(5)) == 0
    assert brier_score(truth, np.roll(np.arange(5), 1)) == 2
    assert brier_score(PROBABILITIES[2:], LABELS[2:]) == pytest.approx(0.6**2 + 0.6**2)
