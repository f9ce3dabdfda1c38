"""The plateau density: it is a density, it adapts to the shape of what it is fitted to, and outliers leave it alone."""

import numpy as np
import pytest

from training.model.plateau import Plateau

RNG = np.random.default_rng(0)
EVEN = RNG.uniform(2, 5, (2000, 1))
BELL = RNG.normal(10, 2, (2000, 1))


@pytest.mark.parametrize("values", [EVEN, BELL, np.exp(BELL / 10)], ids=["even", "bell", "askew"])
def test_the_area_under_it_is_one(values: np.ndarray) -> None:
    plateau = Plateau.fit(values)
    grid = np.linspace(values.min() - 20, values.max() + 20, 400_001)[:, None]
    area = np.exp(plateau.log_density(grid)).sum() * (grid[1, 0] - grid[0, 0])
    assert area == pytest.approx(1, abs=1e-3)


def test_features_are_independent() -> None:
    both = np.column_stack([EVEN, BELL])
    assert Plateau.fit(both).log_density(both[:5]) == pytest.approx(
        Plateau.fit(EVEN).log_density(EVEN[:5]) + Plateau.fit(BELL).log_density(BELL[:5])
    )


def test_an_even_spread_ends_sharply_and_a_bell_fades() -> None:
    even, bell = Plateau.fit(EVEN), Plateau.fit(BELL)
    # Ten in log-density below the plateau is where an outlier becomes the better explanation.
    beyond = np.sqrt(2 * 10)
    assert 5 < (even.upper + beyond * even.upper_shoulder)[0] < 5.6
    assert 10 + 3.7 * 2 < (bell.upper + beyond * bell.upper_shoulder)[0] < 10 + 5.5 * 2


def test_edges_sharpen_as_rows_come_in() -> None:
    shoulders = [Plateau.fit(RNG.uniform(0, 1, (n, 1))).upper_shoulder[0] for n in (50, 500, 5000)]
    assert shoulders[0] > 2 * shoulders[1] > 4 * shoulders[2]


def test_sides_are_fitted_apart() -> None:
    askew = Plateau.fit(RNG.exponential(1, (2000, 1)))
    assert askew.upper_shoulder[0] > 5 * askew.lower_shoulder[0]


def test_a_few_outliers_leave_it_alone() -> None:
    clean = Plateau.fit(EVEN)
    spoiled = Plateau.fit(np.concatenate([EVEN, np.full((8, 1), 400.0)]))
    assert spoiled.upper + 5 * spoiled.upper_shoulder == pytest.approx(clean.upper + 5 * clean.upper_shoulder, abs=0.3)


def test_a_robust_fit_stands_up_to_a_fifth_of_foreign_values() -> None:
    spoiled = Plateau.fit(np.concatenate([EVEN[:800], np.full((100, 1), 400.0), np.full((100, 1), -50.0)]), robust=True)
    assert (spoiled.lower - 3 * spoiled.lower_shoulder)[0] > -10
    assert (spoiled.upper + 3 * spoiled.upper_shoulder)[0] < 15


@pytest.mark.parametrize("values", [np.full((30, 1), 5.0), np.zeros((30, 1)), np.repeat([[1.0], [2.0], [3.0]], 10, 0)])
def test_equal_and_rounded_values_have_a_density(values: np.ndarray) -> None:
    plateau = Plateau.fit(values)
    inside, near = plateau.log_density(values), plateau.log_density(values + 1e-7)
    assert np.isfinite(inside).all()
    assert near == pytest.approx(inside, abs=0.1)
    assert (plateau.log_density(values + 1000) < inside - 50).all()


def test_rounding_to_whole_numbers_refuses_none_of_them() -> None:
    weights = np.arange(1.0, 80.0).repeat(3)[:, None]
    inside = Plateau.fit(weights).log_density(weights)
    assert inside.max() - inside.min() < 3
