"""Nothing is hard-coded: training holds its ground when ranges, outliers, mix, shapes and noise move."""

import numpy as np
import pytest

from tests.model.conftest import FRESH_SEED, judged, made
from tests.model.worlds import WORLDS, draw

# Medians over 20 seeds are a few ten-thousandths higher; benchmarks/quality.py prints them.
AT_LEAST = {
    "official": 0.9997,
    "no outliers": 0.9997,
    "15 % outliers": 0.9995,
    "mix 12:1:5:2": 0.999,
    "young animals": 0.9993,
    "bell-shaped": 0.9995,
    "10 % noise": 0.9994,
    "30 % noise": 0.9965,
    "mix and 15 %": 0.9985,
    "growing": 0.9995,
    "young and bell": 0.9992,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(WORLDS))
def test_a_thousand_rows_of_any_world_make_a_good_model(name: str) -> None:
    fresh = draw(WORLDS[name], 20_000, FRESH_SEED)
    verdicts = [judged(made(draw(WORLDS[name], 1000, seed)), fresh) for seed in range(5)]
    assert np.median([verdict.accuracy for verdict in verdicts]) >= AT_LEAST[name]
    if name != "30 % noise":
        assert sum(verdict.confused for verdict in verdicts) == 0


def test_a_model_follows_its_world() -> None:
    grown_up, young = (made(draw(WORLDS[name], 1000, 0)) for name in ("official", "young animals"))
    fresh = draw(WORLDS["young animals"], 20_000, FRESH_SEED)
    assert judged(young, fresh).accuracy > 0.999 > 0.6 > judged(grown_up, fresh).accuracy
