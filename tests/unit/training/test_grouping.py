"""Dense groups on a sparse background: one, two, or none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from training.labelling.grouping import BACKGROUND, SAMPLE, find_one, find_two

Floats = NDArray[np.float64]
LIGHT = ((0.2, 0.8), (1, 80))
HEAVY = ((2.5, 3.3), (2600, 6900))
ANYWHERE = ((0, 10), (0, 1000))


def box(rng: np.random.Generator, n: int, ranges: tuple[tuple[float, float], tuple[float, float]]) -> Floats:
    return np.column_stack([rng.uniform(*bounds, n) for bounds in ranges])


def background_of(n: int, values: Floats) -> Floats:
    """Return the logarithm of n rows spread evenly over ten metres and a thousand kilograms."""
    return np.full(len(values), np.log(n / 10_000))


@pytest.mark.parametrize("n", [40, 400, 3 * SAMPLE])
def test_a_group_is_told_from_the_background(n: int) -> None:
    rng = np.random.default_rng(n)
    few = max(n // 50, 2)
    values = np.concatenate([box(rng, n, LIGHT), box(rng, few, ((2, 10), (200, 1000)))])
    found = find_one(values, background_of(few, values))
    assert found
    assert (found.group[:n] == 0).mean() > 0.999
    assert (found.group[n:] == BACKGROUND).all()


@pytest.mark.parametrize("n", [200, 2000, 3 * SAMPLE])
def test_rows_that_are_all_background_are_no_group(n: int) -> None:
    values = box(np.random.default_rng(n), n, ANYWHERE)
    assert find_one(values, background_of(n, values)) is None


@pytest.mark.parametrize(("light", "heavy"), [(100, 100), (400, 20), (20, 400), (5 * SAMPLE, SAMPLE)])
def test_two_groups_are_found_whatever_their_shares_and_the_lighter_is_first(light: int, heavy: int) -> None:
    rng = np.random.default_rng(light)
    values = np.concatenate([box(rng, heavy, HEAVY), box(rng, light, LIGHT)])
    found = find_two(values, background_of(3, values))
    assert found
    assert (found.group[:heavy] == 1).mean() > 0.999
    assert (found.group[heavy:] == 0).mean() > 0.999


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", ["flat", "bell", "askew", "growing"])
def test_one_group_is_not_taken_for_two(shape: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bell = rng.normal((0.5, 40), (0.08, 8), (300, 2))
    askew = np.exp(rng.normal((-0.7, 3.5), (0.2, 0.4), (300, 2)))
    age = rng.uniform(0, 1, (300, 1))
    growing = np.concatenate([0.2 + 0.6 * age, 1 + 79 * age**2], axis=1) * rng.normal(1, 0.05, (300, 2))
    values = {"flat": box(rng, 300, LIGHT), "bell": bell, "askew": askew, "growing": growing}[shape]
    assert find_two(values, background_of(3, values)) is None


def test_groups_that_nearly_touch_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([box(rng, 300, LIGHT), box(rng, 300, ((0.9, 1.5), (90, 900)))])
    found = find_two(values, background_of(3, values))
    assert found
    assert ((found.group[:300] == 0).sum(), (found.group[300:] == 1).sum()) >= (298, 298)


@pytest.mark.parametrize("n", [0, 1, 5, 12])
def test_a_handful_of_rows_is_neither_one_group_nor_two(n: int) -> None:
    values = box(np.random.default_rng(n), n, LIGHT)
    assert find_two(values, background_of(1, values)) is None
    if n < 10:
        assert find_one(values, background_of(1, values)) is None
