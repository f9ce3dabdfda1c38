"""The flat-top density, the background density, and the naive Bayes classifier that uses both."""

import warnings

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from tests.model.worlds import UNKNOWN, official
from training.model.flat_top import (
    MIN_BACKGROUND_ROWS,
    UNIFORM_SHARE,
    BackgroundDensity,
    FlatTopDensity,
    FlatTopNaiveBayes,
)

RNG = np.random.default_rng(0)
UNIFORM = RNG.uniform(2, 5, (2000, 1))
BELL = RNG.normal(10, 2, (2000, 1))


@pytest.mark.parametrize("values", [UNIFORM, BELL, np.exp(BELL / 10)], ids=["uniform", "bell", "skewed"])
def test_the_density_integrates_to_one(values: np.ndarray) -> None:
    density = FlatTopDensity.fit(values)
    grid = np.linspace(values.min() - 20, values.max() + 20, 400_001)[:, None]
    area = np.exp(density.log_density(grid)).sum() * (grid[1, 0] - grid[0, 0])
    assert area == pytest.approx(1, abs=1e-3)


def test_features_are_independent() -> None:
    both = np.column_stack([UNIFORM, BELL])
    assert FlatTopDensity.fit(both).log_density(both[:5]) == pytest.approx(
        FlatTopDensity.fit(UNIFORM).log_density(UNIFORM[:5]) + FlatTopDensity.fit(BELL).log_density(BELL[:5])
    )


def test_a_uniform_sample_gets_sharp_edges_while_a_bell_gets_wide_tails() -> None:
    uniform, bell = FlatTopDensity.fit(UNIFORM), FlatTopDensity.fit(BELL)
    # Ten in log-density below the maximum is where an outlier becomes the better explanation.
    beyond = np.sqrt(2 * 10)
    assert 5 < (uniform.upper + beyond * uniform.upper_scale)[0] < 5.6
    assert 10 + 3.7 * 2 < (bell.upper + beyond * bell.upper_scale)[0] < 10 + 5.5 * 2


def test_edges_become_sharper_with_more_rows() -> None:
    scales = [FlatTopDensity.fit(RNG.uniform(0, 1, (n, 1))).upper_scale[0] for n in (50, 500, 5000)]
    assert scales[0] > 2 * scales[1] > 4 * scales[2]


def test_each_tail_has_its_own_scale() -> None:
    skewed = FlatTopDensity.fit(RNG.exponential(1, (2000, 1)))
    assert skewed.upper_scale[0] > 5 * skewed.lower_scale[0]


def test_a_few_outliers_change_little() -> None:
    clean = FlatTopDensity.fit(UNIFORM)
    spoiled = FlatTopDensity.fit(np.concatenate([UNIFORM, np.full((8, 1), 400.0)]))
    assert spoiled.upper + 5 * spoiled.upper_scale == pytest.approx(clean.upper + 5 * clean.upper_scale, abs=0.3)


def test_a_robust_fit_tolerates_a_fifth_of_foreign_values() -> None:
    foreign = [np.full((100, 1), 400.0), np.full((100, 1), -50.0)]
    spoiled = FlatTopDensity.fit(np.concatenate([UNIFORM[:800], *foreign]), robust=True)
    assert (spoiled.lower - 3 * spoiled.lower_scale)[0] > -10
    assert (spoiled.upper + 3 * spoiled.upper_scale)[0] < 15


@pytest.mark.parametrize("values", [np.full((30, 1), 5.0), np.zeros((30, 1)), np.repeat([[1.0], [2.0], [3.0]], 10, 0)])
def test_equal_and_rounded_values_have_a_density(values: np.ndarray) -> None:
    density = FlatTopDensity.fit(values)
    inside, near = density.log_density(values), density.log_density(values + 1e-7)
    assert np.isfinite(inside).all()
    assert near == pytest.approx(inside, abs=0.1)
    assert (density.log_density(values + 1000) < inside - 50).all()


def test_all_whole_numbers_of_a_rounded_sample_are_likely() -> None:
    weights = np.arange(1.0, 80.0).repeat(3)[:, None]
    inside = FlatTopDensity.fit(weights).log_density(weights)
    assert inside.max() - inside.min() < 3


EVERYTHING = RNG.uniform(0, (10, 7000), (500, 2))
OUTLIERS = RNG.uniform(0, (10, 1000), (60, 2))


def test_the_background_is_highest_where_outliers_were_seen() -> None:
    density = BackgroundDensity.fit(OUTLIERS, EVERYTHING).log_density(np.array([[5.0, 500.0], [5.0, 5000.0]]))
    assert density[0] > density[1] + 3


def test_the_background_has_a_uniform_floor() -> None:
    far = BackgroundDensity.fit(OUTLIERS, EVERYTHING).log_density(np.array([[5.0, 6900.0], [900.0, 1e6]]))
    uniform = np.log(UNIFORM_SHARE / np.ptp(EVERYTHING, axis=0).prod())
    assert far == pytest.approx([uniform, uniform])


def test_with_few_outliers_the_background_is_uniform() -> None:
    density = BackgroundDensity.fit(OUTLIERS[: MIN_BACKGROUND_ROWS - 1], EVERYTHING).log_density(EVERYTHING)
    assert density == pytest.approx(np.full(len(EVERYTHING), -np.log(np.ptp(EVERYTHING, axis=0).prod())))


def test_a_single_row_has_a_background_too() -> None:
    assert np.isfinite(BackgroundDensity.fit(OUTLIERS[:0], EVERYTHING[:1]).log_density(EVERYTHING)).all()


ROWS, TRUTH = official(2000, 0)
FITTED = FlatTopNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS, TRUTH)


@pytest.mark.parametrize("classifier", [FlatTopNaiveBayes(), FlatTopNaiveBayes(counts=(0,))])
def test_the_classifier_passes_the_checks_of_scikit_learn(classifier: FlatTopNaiveBayes) -> None:
    with warnings.catch_warnings():
        # The checks fit data that classifiers warn about.
        warnings.simplefilter("ignore")
        results = check_estimator(classifier, on_fail=None, on_skip=None)
    assert len(results) > 40
    assert [(check["check_name"], check["exception"]) for check in results if check["status"] == "failed"] == []


def test_the_classifier_recognises_fresh_rows() -> None:
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
def test_rows_far_from_all_classes_are_background(row: tuple[float, ...]) -> None:
    assert FITTED.predict_proba([row])[0, UNKNOWN] > 0.99


def test_the_background_is_a_class_even_if_no_row_has_it() -> None:
    known = TRUTH != UNKNOWN
    fitted = FlatTopNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS[known], TRUTH[known])
    assert fitted.classes_.tolist() == [0, 1, 2, 3, UNKNOWN]
    assert fitted.predict([(4, 9.0, 900.0, 1, 0)]).tolist() == [UNKNOWN]
    assert (fitted.predict(ROWS[known]) == TRUTH[known]).mean() > 0.999


def test_the_order_of_the_rows_changes_nothing() -> None:
    few = FlatTopNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS, TRUTH)
    again = FlatTopNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(ROWS[::-1], TRUTH[::-1])
    assert np.array_equal(few.predict_proba(ROWS), again.predict_proba(ROWS))


def test_a_flag_that_varies_within_a_species_does_not_decide() -> None:
    rows = ROWS.copy()
    dogs = np.flatnonzero(TRUTH == 3)
    rows[dogs[::3], 4] = 0
    fitted = FlatTopNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(rows, TRUTH)
    assert fitted.predict([(4, 0.5, 30, 0, 0), (4, 0.5, 30, 0, 1)]).tolist() == [3, 3]
