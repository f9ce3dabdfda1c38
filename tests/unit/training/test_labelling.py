"""Labels without labels: body plan, then density; and what is said when four species cannot be told apart."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from menagerie.animal import CLASSES, KNOWN_SPECIES, Species
from menagerie.errors import TrainingFailed
from tests.model.worlds import UNKNOWN, World, draw, official
from training.labelling.label import label
from training.labelling.zoology import BODY_PLANS

Rows = NDArray[np.float32]
KANGAROO, ELEPHANT, CHICKEN, DOG = range(4)


def without(*species: int, n: int = 1000) -> Rows:
    rows, truth = draw(World(), n, seed=1)
    return rows[~np.isin(truth, species)]


def test_every_species_has_one_body_plan() -> None:
    named = [species for plan in BODY_PLANS for species in plan.species]
    assert sorted(named) == sorted(KNOWN_SPECIES)


def test_the_heavier_of_two_four_legged_groups_is_the_elephant() -> None:
    rows, _ = official(1000, 0)
    labels = label(rows)
    medians = {index: np.median(rows[labels == index, 2]) for index in (DOG, ELEPHANT)}
    assert medians[ELEPHANT] > 10 * medians[DOG]


@pytest.mark.parametrize("plan", [(4, 1, 1), (4, 0, 0), (2, 1, 0), (2, 0, 0), (3, 0, 1), (0, 0, 0), (8, 1, 1)])
def test_a_body_plan_that_belongs_to_no_species_is_unknown(plan: tuple[int, int, int]) -> None:
    rows, _ = official(1000, 0)
    legs, wings, tail = plan
    odd = np.array([[legs, 3.0, 4500.0, wings, tail], [legs, 0.5, 30.0, wings, tail]], dtype=np.float32)
    assert label(np.concatenate([rows, odd]))[-2:].tolist() == [UNKNOWN, UNKNOWN]


def test_a_crowd_of_a_strange_body_plan_changes_no_other_label() -> None:
    rows, _ = official(1000, 0)
    spiders = np.tile(np.array([[8, 0.05, 0.1, 0, 0]], dtype=np.float32), (300, 1))
    labels = label(np.concatenate([rows, spiders]))
    assert np.array_equal(labels[:1000], label(rows))
    assert (labels[1000:] == UNKNOWN).all()


def test_labels_follow_their_rows_when_these_are_shuffled() -> None:
    rows, _ = official(1000, 4)
    order = np.random.default_rng(0).permutation(len(rows))
    assert np.array_equal(label(rows)[order], label(rows[order]))


@pytest.mark.parametrize("seed", range(4))
def test_rows_rounded_to_decimetres_and_kilograms_are_labelled_as_well(seed: int) -> None:
    rows, truth = official(1000, seed)
    rows[:, 1] = np.maximum(rows[:, 1].round(1), 0.1)
    rows[:, 2] = np.maximum(rows[:, 2].round(0), 0.1)
    assert (label(rows) != truth).sum() <= 2


@pytest.mark.parametrize("unit", [0.1, 3.28, 100.0])
def test_labels_do_not_depend_on_the_unit(unit: float) -> None:
    rows, _ = official(1000, 4)
    scaled = rows * np.array([1, unit, 1 / unit, 1, 1], dtype=np.float32)
    assert np.array_equal(label(rows), label(scaled))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (without(KANGAROO), r"\d rows are two-legged, wingless, with a tail, kangaroo would take at least 10"),
        (without(CHICKEN), r"\d rows are two-legged, winged, with a tail, chicken would take at least 10"),
        (without(DOG), r"show one group of 2\d\d around 4.\d\de\+03 kg, dog and elephant would be one each"),
        (without(ELEPHANT), r"show one group of 2\d\d around 4\d.\d kg, dog and elephant would be one each"),
        (without(KANGAROO, n=20_000), r"two-legged, wingless, with a tail show no dense group"),
        (without(DOG, ELEPHANT), r"\d rows are four-legged, wingless, with a tail, dog and elephant would take at le"),
        (without(KANGAROO, ELEPHANT, CHICKEN, DOG), r"kangaroo .*; .* chicken .*; .* dog and elephant "),
        (official(30, 0)[0], "in 30 valid rows"),
        (draw(World(outliers=1.0), 1000, 0)[0], "no dense group"),
        (draw(World(outliers=1.0), 50_000, 0)[0], "no dense group"),
        (official(1000, 0)[0][:0], "in 0 valid rows"),
        (official(1000, 0)[0][:1], "in 1 valid rows"),
    ],
)
def test_rows_without_four_species_fail_and_say_what_was_seen(rows: Rows, said: str) -> None:
    with pytest.raises(TrainingFailed, match=said) as caught:
        label(rows)
    assert str(caught.value).startswith("four species cannot be told apart in ")
    assert "\n" not in str(caught.value)


def test_two_groups_of_one_species_body_plan_are_not_guessed_at() -> None:
    rows, truth = official(2000, 0)
    shrunk = rows[truth == KANGAROO][:200] * np.array([1, 0.1, 0.01, 1, 1], dtype=np.float32)
    with pytest.raises(TrainingFailed, match=r"form two groups, around 0\.6\d+ kg and 6\d.* kg, and only kangaroo"):
        label(np.concatenate([rows, shrunk]))


def test_species_that_share_a_body_plan_are_listed_from_light_to_heavy() -> None:
    rows, truth = official(1000, 0)
    for plan in BODY_PLANS:
        medians = [np.median(rows[truth == CLASSES.index(species), 2]) for species in plan.species]
        assert all(lighter < heavier for lighter, heavier in pairwise(medians))
    assert Species.UNKNOWN not in {species for plan in BODY_PLANS for species in plan.species}
