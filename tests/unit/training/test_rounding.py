"""Rounded values are spread over what they were rounded from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.labelling.rounding import spread_ties


def test_values_that_occur_once_stay() -> None:
    values = np.array([3.0, 1.0, 2.5])
    assert np.array_equal(spread_ties(values), values)


def test_rounded_values_look_as_they_did_before() -> None:
    before = np.random.default_rng(0).uniform(0, 10, 5000)
    spread = spread_ties(before.round())
    assert np.abs(spread - before.round()).max() <= 0.5
    shares = np.histogram(spread, bins=np.arange(0, 10.1, 0.25))[0] / len(spread)
    assert shares[2:-2].min() > 0.8 * 0.25 / 10


def test_a_gap_between_two_groups_stays_a_gap() -> None:
    values = np.array([1.0, 1, 2, 2, 100, 100, 101, 101])
    spread = spread_ties(values)
    assert np.abs(spread - values).max() <= 0.5


@given(st.lists(st.integers(-5, 5), max_size=30))
def test_no_value_passes_another(whole: list[int]) -> None:
    values = np.array(whole, dtype=np.float64)
    spread = spread_ties(values)
    assert len(spread) == len(values)
    for low in set(whole):
        for high in {each for each in whole if each > low}:
            assert spread[values == low].max() <= spread[values == high].min()
