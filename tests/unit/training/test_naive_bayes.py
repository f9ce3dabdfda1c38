"""The classifier: a proper scikit-learn one, with a background that takes what belongs to nobody."""

import warnings

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from tests.model.worlds import UNKNOWN, official
from training.model.naive_bayes import PlateauNaiveBayes

ROWS, TRUTH = official(2000, 0)
FITTED = PlateauNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS, TRUTH)


@pytest.mark.parametrize("classifier", [PlateauNaiveBayes(), PlateauNaiveBayes(counts=(0,))])
def test_it_keeps_every_promise_of_a_scikit_learn_classifier(classifier: PlateauNaiveBayes) -> None:
    with warnings.catch_warnings():
        # The checks fit on purpose what classifiers warn about.
        warnings.simplefilter("ignore")
        results = check_estimator(classifier, on_fail=None, on_skip=None)
    assert len(results) > 40
    assert [(each["check_name"], each["exception"]) for each in results if each["status"] == "failed"] == []


def test_it_recognises_fresh_rows() -> None:
    fresh, truth = official(5000, 1)
    assert (FITTED.predict(fresh) == truth).mean() > 0.9995


def test_probabilities_add_up_to_one_and_their_largest_is_the_answer() -> None:
    probabilities = FITTED.predict_proba(ROWS)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(ROWS)))
    assert probabilities.min() >= 0
    assert np.array_equal(FITTED.classes_[probabilities.argmax(axis=1)], FITTED.predict(ROWS))


@pytest.mark.parametrize(
    "row",
    [
        (4, 1e6, 1e9, 0, 1),
        (2, 1.8, 4500, 0, 1),
        (4, 0.5, 30, 1, 1),
        (3, 0.5, 30, 0, 1),
        (100, 100, 100, 100, 100),
    ],
)
def test_what_lies_far_from_everything_is_background(row: tuple[float, ...]) -> None:
    assert FITTED.predict_proba([row])[0, UNKNOWN] > 0.99


def test_the_background_is_a_class_though_none_was_seen() -> None:
    known = TRUTH != UNKNOWN
    fitted = PlateauNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS[known], TRUTH[known])
    assert fitted.classes_.tolist() == [0, 1, 2, 3, UNKNOWN]
    assert fitted.predict([(4, 9.0, 900.0, 1, 0)]).tolist() == [UNKNOWN]
    assert (fitted.predict(ROWS[known]) == TRUTH[known]).mean() > 0.999


def test_the_order_of_the_rows_changes_nothing() -> None:
    few = PlateauNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS, TRUTH)
    again = PlateauNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS[::-1], TRUTH[::-1])
    assert np.array_equal(few.predict_proba(ROWS), again.predict_proba(ROWS))


def test_a_trait_that_varies_within_a_species_rules_nothing_out() -> None:
    rows = ROWS.copy()
    dogs = np.flatnonzero(TRUTH == 3)
    rows[dogs[::3], 4] = 0
    fitted = PlateauNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(rows, TRUTH)
    assert fitted.predict([(4, 0.5, 30, 0, 0), (4, 0.5, 30, 0, 1)]).tolist() == [3, 3]
