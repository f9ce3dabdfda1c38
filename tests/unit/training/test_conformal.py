"""Split conformal thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.animal import CLASSES, Species
from menagerie.manifest import ConformalThresholds
from training.evaluation.conformal import HIGHEST_THRESHOLD, calibrate, in_set


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


def test_coverage_on_fresh_rows_is_what_was_promised() -> None:
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(300):
        calibration, fresh = rng.beta(8, 1, 100), rng.beta(8, 1, 2000)
        thresholds = calibrate(answers(calibration, 0), np.zeros(100, dtype=np.int64))
        covered.append((fresh >= thresholds.minimum_probability[Species.KANGAROO]).mean())
    assert 0.95 - 0.005 < np.mean(covered) < 0.96 + 0.005


def test_each_class_has_a_threshold_of_its_own() -> None:
    sure, unsure = np.linspace(0.9, 0.99, 100), np.linspace(0.5, 0.6, 100)
    probabilities = np.concatenate([answers(sure, 1), answers(unsure, 3)])
    minimum = calibrate(probabilities, np.repeat([1, 3], 100)).minimum_probability
    assert minimum[Species.ELEPHANT] > 0.9 > 0.6 > minimum[Species.DOG] > 0.5


def test_of_a_class_with_few_rows_all_are_covered_and_one_without_gets_the_threshold_of_all() -> None:
    few, many = np.array([0.4, 0.9, 0.95]), np.linspace(0.6, 0.9, 97)
    minimum = calibrate(
        np.concatenate([answers(few, 4), answers(many, 0)]), np.repeat([4, 0], [3, 97])
    ).minimum_probability
    assert minimum[Species.UNKNOWN] == pytest.approx(0.4)
    everybody = np.sort(np.concatenate([few, many]))
    assert minimum[Species.DOG] == pytest.approx(everybody[4], abs=1e-6)


def test_no_threshold_asks_for_certainty() -> None:
    minimum = calibrate(answers(np.ones(100), 4), np.full(100, 4)).minimum_probability
    assert minimum[Species.UNKNOWN] == HIGHEST_THRESHOLD < 1


@given(st.lists(st.floats(0, 1, width=32), min_size=5, max_size=5), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_sets_hold_what_reaches_its_threshold_and_never_nothing(minimum: list[float], raw: list[float]) -> None:
    thresholds = ConformalThresholds(target_coverage=0.95, minimum_probability=dict(zip(CLASSES, minimum, strict=True)))
    probabilities = np.array([raw], dtype=np.float32)
    (inside,) = in_set(probabilities, thresholds)
    assert inside[probabilities.argmax()]
    for index in set(range(5)) - {int(probabilities.argmax())}:
        assert inside[index] == (probabilities[0, index] >= np.float32(minimum[index]))
