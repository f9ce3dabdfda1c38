"""The one definition of an animal: what forms, tables, documents and models derive from it."""

import math
import subprocess
import sys
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

from menagerie.animal import (
    CLASSES,
    DISCRETE_COLUMNS,
    EXAMPLES,
    FEATURE_DETAILS,
    FEATURES,
    KNOWN_SPECIES,
    MEASURE_COLUMNS,
    Animal,
    Feature,
    Kind,
    Species,
    animal_of,
    describe_features,
    feature_matrix,
)


def test_features_are_the_fields_in_their_order() -> None:
    assert list(Animal.model_fields) == list(FEATURES) == [feature.name for feature in FEATURE_DETAILS]
    assert FEATURES == ("walks_on_n_legs", "height", "weight", "has_wings", "has_tail")


def test_a_feature_has_the_texts_and_bounds_of_its_field() -> None:
    height = FEATURE_DETAILS[FEATURES.index("height")]
    assert height == Feature(
        name="height",
        kind=Kind.MEASURE,
        label="Height",
        description="Height in metres",
        unit="m",
        minimum=0.0,
        minimum_is_exclusive=True,
        maximum=30.0,
    )
    assert height.heading == "Height (m)"


def test_a_field_without_texts_and_bounds_is_described_by_its_name_alone() -> None:
    model: Any = create_model("Bare", toes=(int, ...), length=(Annotated[float, Field(gt=1)], ...), furry=(bool, ...))
    toes, length, furry = describe_features(model)
    assert (toes.label, toes.description, toes.heading, toes.kind) == ("toes", "toes", "toes", Kind.COUNT)
    assert (toes.minimum, toes.maximum) == (-math.inf, math.inf)
    assert (length.kind, length.minimum, length.minimum_is_exclusive) == (Kind.MEASURE, 1.0, True)
    assert (furry.kind, furry.minimum, furry.maximum) == (Kind.FLAG, 0.0, 1.0)


def test_columns_are_either_measures_or_discrete() -> None:
    assert [FEATURES[place] for place in MEASURE_COLUMNS] == ["height", "weight"]
    assert sorted(MEASURE_COLUMNS + DISCRETE_COLUMNS) == list(range(len(FEATURES)))


@pytest.mark.parametrize("feature", FEATURE_DETAILS, ids=lambda feature: feature.name)
def test_the_bounds_of_a_feature_are_the_bounds_of_the_model(feature: Feature) -> None:
    row = EXAMPLES[Species.DOG].model_dump()
    for value in (feature.maximum, math.nextafter(feature.minimum, math.inf)):
        if feature.kind is Kind.MEASURE:
            assert getattr(Animal.model_validate(row | {feature.name: value}), feature.name) == value
    for value in (feature.maximum + 1, feature.minimum if feature.minimum_is_exclusive else feature.minimum - 1):
        with pytest.raises(ValidationError):
            Animal.model_validate(row | {feature.name: value})


@given(st.builds(Animal))
def test_an_animal_comes_back_from_its_row_of_the_matrix(animal: Animal) -> None:
    row = feature_matrix([animal])[0].tolist()
    if all(value > 0 for value in (row[place] for place in MEASURE_COLUMNS)):  # the smallest floats are 0 as float32
        assert feature_matrix([animal_of(row)])[0].tolist() == row


@pytest.mark.parametrize("row", [[4.5, 0.5, 25, 0, 1], [4, 0.5, 25, 0.5, 1], [4, 0.5, 25, 0, 2], [9, 0.5, 25, 0, 1]])
def test_a_row_is_no_animal_if_a_count_has_a_fraction_or_a_flag_is_neither_0_nor_1(row: list[float]) -> None:
    with pytest.raises(ValidationError):
        animal_of(row)


def test_there_is_an_example_of_each_class_in_their_order() -> None:
    assert tuple(EXAMPLES) == CLASSES
    assert (*KNOWN_SPECIES, Species.UNKNOWN) == CLASSES


def test_a_species_has_a_label_and_a_phrase_for_people() -> None:
    assert (Species.ELEPHANT.label, Species.ELEPHANT.phrase) == ("Elephant", "an elephant")
    assert Species.DOG.phrase == "a dog"
    assert Species.UNKNOWN.phrase == "none of the known species"


def test_importing_the_definition_does_not_import_numpy() -> None:
    program = "import sys, menagerie.animal; raise SystemExit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
