"""Sentences and numbers: one format everywhere, and no share rounded to certainty."""

import pytest

from frontend.api.errors import Rejected
from frontend.wording import (
    describe_animal,
    describe_prediction_set,
    describe_rejection,
    describe_version,
    needs_unknown_explained,
    percent,
    probabilities_in_words,
    quantity,
)
from menagerie.animal import Animal, Species
from menagerie.api import FieldError
from tests.unit.frontend.examples import prediction


def animal(legs: int, height: float, weight: float, *, wings: bool, tail: bool) -> Animal:
    return Animal(walks_on_n_legs=legs, height=height, weight=weight, has_wings=wings, has_tail=tail)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "100%"),
        (0.99996, "> 99.9%"),
        (0.9995, "> 99.9%"),
        (0.9987, "99.9%"),
        (0.95, "95%"),
        (0.005, "0.5%"),
        (0.0001, "< 0.1%"),
        (0.0, "0%"),
    ],
)
def test_a_share_is_never_rounded_to_certainty(share: float, said: str) -> None:
    assert plain(percent(share)) == said


@pytest.mark.parametrize(
    ("value", "said"), [(5200.0, "5,200 kg"), (0.037, "0.037 kg"), (62.5, "62.5 kg"), (200_000.0, "200,000 kg")]
)
def test_a_quantity_has_thousands_separators_and_no_trailing_zeros(value: float, said: str) -> None:
    assert plain(quantity(value, "kg")) == said


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (
            animal(1, 1.7, 60.0, wings=False, tail=False),
            "1 leg, height 1.7 m, weight 60 kg, no wings, no tail",
        ),
        (
            animal(2, 0.4, 2.4, wings=True, tail=True),
            "2 legs, height 0.4 m, weight 2.4 kg, wings, tail",
        ),
        (
            animal(4, 0.5, 25.0, wings=False, tail=True),
            "4 legs, height 0.5 m, weight 25 kg, no wings, tail",
        ),
    ],
)
def test_an_animal_is_described_in_one_line(described: Animal, said: str) -> None:
    assert plain(describe_animal(described)) == said


@pytest.mark.parametrize(
    ("prediction_set", "coverage", "said"),
    [
        ([Species.DOG], 0.95, "It is **a dog**; all other species are ruled out (95% coverage)."),
        ([Species.DOG, Species.CHICKEN], 0.95, "It is **a dog** or **a chicken** (95% coverage)."),
        (
            [Species.ELEPHANT, Species.DOG, Species.UNKNOWN],
            0.9,
            "It is **an elephant**, **a dog** or **none of the known species** (90% coverage).",
        ),
        ([Species.DOG], None, "It is **a dog**; all other species are ruled out (coverage not known)."),
        ([], None, "It is nothing (coverage not known)."),
    ],
)
def test_a_prediction_set_is_one_sentence(prediction_set: list[Species], coverage: float | None, said: str) -> None:
    assert plain(describe_prediction_set(prediction_set, coverage)) == said


def test_unknown_is_explained_only_where_it_is_predicted() -> None:
    assert needs_unknown_explained(prediction("unknown"))
    assert not needs_unknown_explained(prediction("dog"))


@pytest.mark.parametrize(
    ("version", "said"), [("20260131T120000Z-0a1b2c3d", "31 Jan 2026, 12:00 UTC"), ("v2", "v2"), ("", "")]
)
def test_a_version_is_described_by_its_date(version: str, said: str) -> None:
    assert describe_version(version) == said


def test_rejected_fields_have_the_labels_of_their_features() -> None:
    error = Rejected(
        "no",
        (
            FieldError(field="animals.0.walks_on_n_legs", message="too many"),
            FieldError(field="", message="too large"),
        ),
    )
    assert describe_rejection(error) == "- **Legs**: too many\n- **The request**: too large"


def test_probabilities_are_listed_in_descending_order() -> None:
    assert plain(probabilities_in_words({Species.DOG: 0.1, Species.UNKNOWN: 0.9})) == "unknown 90%, dog 10%"
