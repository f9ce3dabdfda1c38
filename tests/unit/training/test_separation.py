"""The valley between two groups, and its absence between the halves of one."""

import numpy as np
import pytest

from training.labelling.separation import WINDOW, valley

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("weights", [(1, 40), (1, 4000), (1e-3, 2e-3)])
def test_between_two_groups_lies_a_gap_whatever_the_unit(weights: tuple[float, float]) -> None:
    light, heavy = (RNG.uniform((0.5, 0.8 * w), (0.8, 1.2 * w), (200, 2)) for w in weights)
    assert valley(light, heavy) == 0


@pytest.mark.parametrize("sizes", [(300, 300), (50, 1000), (1000, 50)])
def test_the_halves_of_one_group_have_none(sizes: tuple[int, int]) -> None:
    n, m = sizes
    whole = np.sort(RNG.uniform(0, 1, n + m))
    together = np.column_stack([whole + RNG.normal(0, 0.02, n + m), 50 * whole])
    assert valley(together[:n], together[n:]) > 0.05


def test_an_even_spread_cut_in_two_is_as_full_everywhere() -> None:
    whole = RNG.uniform(0, 1, (200_000, 2))
    light = whole[:, 1] < 0.5
    assert valley(whole[light], whole[~light]) == pytest.approx(WINDOW, abs=0.01)


def test_groups_on_the_same_spot_are_not_separate() -> None:
    same = RNG.normal(0, 1, (100, 2))
    assert valley(same, same) == 1
    assert valley(np.ones((20, 2)), np.ones((20, 2))) == 1
