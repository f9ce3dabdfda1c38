"""The population stability index: zero for equal rows, within chance for similar ones, large after a change."""

import math
import random

import pytest

from frontend.charts.drift import MODERATE, STRONG, drift_chart, drift_of
from menagerie.animal import Animal


def animals(count: int, seed: int, weight: float = 25.0, winged: float = 0.5) -> list[Animal]:
    source = random.Random(seed)
    return [
        Animal(
            walks_on_n_legs=source.choice([2, 4]),
            height=source.uniform(0.2, 0.8),
            weight=source.gauss(weight, 5),
            has_wings=source.random() < winged,
            has_tail=True,
        )
        for _ in range(count)
    ]


def test_the_same_rows_do_not_drift() -> None:
    rows = animals(300, seed=1)
    assert [drift.index for drift in drift_of(rows, rows)] == pytest.approx([0.0] * 5)
    assert {drift.verdict for drift in drift_of(rows, rows)} == {"no drift"}


def test_the_index_is_as_defined_in_the_textbook() -> None:
    before = [row.model_copy(update={"has_wings": i < 500}) for i, row in enumerate(animals(1000, seed=1))]
    after = [row.model_copy(update={"has_wings": i < 800}) for i, row in enumerate(animals(1000, seed=2))]
    (wings,) = [drift for drift in drift_of(before, after) if drift.feature.name == "has_wings"]
    assert wings.index == pytest.approx(0.3 * math.log(0.8 / 0.5) + -0.3 * math.log(0.2 / 0.5), abs=0.002)
    assert wings.verdict == "strong drift"
    assert wings.bins == ("no", "yes")


def test_rows_of_the_same_distribution_stay_below_the_chance_level_in_nineteen_of_twenty_cases() -> None:
    reference = animals(400, seed=0)
    heights = [drift_of(reference, animals(100, seed=seed))[1] for seed in range(1, 101)]
    above = sum(drift.index > drift.by_chance for drift in heights)
    assert above <= 12
    assert heights[0].by_chance > MODERATE


def test_heavier_animals_drift_in_weight_only() -> None:
    drifts = {d.feature.name: d for d in drift_of(animals(500, seed=1), animals(500, seed=2, weight=35.0))}
    assert drifts["weight"].index > STRONG
    assert drifts["weight"].verdict == "strong drift"
    assert {drifts[name].verdict for name in ("height", "walks_on_n_legs", "has_wings", "has_tail")} == {"no drift"}


def test_a_value_that_is_not_in_the_reference_has_a_finite_index_and_is_drawn() -> None:
    after = [row.model_copy(update={"walks_on_n_legs": 8}) for row in animals(100, seed=2)]
    legs = drift_of(animals(100, seed=1), after)[0]
    assert math.isfinite(legs.index)
    assert legs.bins == ("2", "4", "8")
    (rows,) = drift_chart(legs).to_dict()["datasets"].values()
    assert {(row["bin"], row["rows"]) for row in rows} >= {("8", "reference"), ("8", "recent")}
