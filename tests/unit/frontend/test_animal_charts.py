"""Charts of animals: each animal is drawn once, in the colour of its predicted species."""

import pytest

from frontend.charts.animals import (
    MEASURES,
    UNCLASSIFIED,
    animal_frame,
    combinations_chart,
    distribution_chart,
    scatter_chart,
)
from menagerie.animal import EXAMPLES, Feature, Species
from tests.unit.frontend.examples import prediction


def test_animals_have_the_colour_of_their_predicted_species_and_outliers_are_crosses() -> None:
    animals = list(EXAMPLES.values())
    frame = animal_frame(animals, [prediction("kangaroo"), prediction("unknown")])
    assert list(frame["species"]) == ["kangaroo", "unknown", *[UNCLASSIFIED] * 3]
    spec = scatter_chart(frame, *MEASURES).to_dict()
    assert spec["encoding"]["x"]["scale"]["type"] == spec["encoding"]["y"]["scale"]["type"] == "log"
    assert spec["encoding"]["shape"]["scale"]["range"] == ["circle", "cross"]
    assert [row["outlier"] for row in next(iter(spec["datasets"].values()))] == [False, True, False, False, False]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
@pytest.mark.parametrize("count", [1, 5])
def test_every_animal_is_in_one_bin(measure: Feature, count: int) -> None:
    frame = animal_frame(list(EXAMPLES.values())[:count])
    (rows,) = distribution_chart(frame, measure).to_dict()["datasets"].values()
    assert sum(row["animals"] for row in rows) == count
    assert all(row["start"] < row["end"] for row in rows)


def test_animals_are_counted_by_their_counts_and_flags() -> None:
    animals = [EXAMPLES[Species.DOG]] * 3 + [EXAMPLES[Species.CHICKEN]]
    (rows,) = combinations_chart(animal_frame(animals)).to_dict()["datasets"].values()
    assert {row["combination"]: row["animals"] for row in rows} == {"4 legs, tail": 3, "2 legs, wings, tail": 1}


def test_rare_combinations_are_counted_together() -> None:
    animals = [EXAMPLES[Species.DOG].model_copy(update={"walks_on_n_legs": legs}) for legs in range(9)]
    (rows,) = combinations_chart(animal_frame(animals)).to_dict()["datasets"].values()
    assert {row["combination"]: row["animals"] for row in rows}["all others"] == 2
