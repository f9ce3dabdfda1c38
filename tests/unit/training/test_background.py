"""The background density."""

import numpy as np
import pytest

from training.model.background import ENOUGH_ROWS, EVEN_SHARE, Background

RNG = np.random.default_rng(0)
ALL = RNG.uniform(0, (10, 7000), (500, 2))
SEEN = RNG.uniform(0, (10, 1000), (60, 2))


def test_it_is_highest_where_outliers_were_seen() -> None:
    density = Background.fit(SEEN, ALL).log_density(np.array([[5.0, 500.0], [5.0, 5000.0]]))
    assert density[0] > density[1] + 3


def test_it_is_never_nothing() -> None:
    far = Background.fit(SEEN, ALL).log_density(np.array([[5.0, 6900.0], [900.0, 1e6]]))
    even = np.log(EVEN_SHARE / np.ptp(ALL, axis=0).prod())
    assert far == pytest.approx([even, even])


def test_with_hardly_any_outliers_it_is_even() -> None:
    density = Background.fit(SEEN[: ENOUGH_ROWS - 1], ALL).log_density(ALL)
    assert density == pytest.approx(np.full(len(ALL), -np.log(np.ptp(ALL, axis=0).prod())))


def test_a_single_row_has_a_background_too() -> None:
    assert np.isfinite(Background.fit(SEEN[:0], ALL[:1]).log_density(ALL)).all()
