"""Labels by body plan, then by density; groups, valleys between them, rounded values, and errors."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from menagerie.animal import CLASSES, KNOWN_SPECIES, Species
from menagerie.errors import TrainingFailed
from tests.model.worlds import UNKNOWN, World, draw, official
from training.labelling.label import (
    BACKGROUND,
    SAMPLE,
    VALLEY_WIDTH,
    find_one,
    find_two,
    label,
    spread_ties,
    valley_share,
)
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


def test_a_dense_group_of_another_body_plan_changes_no_other_label() -> None:
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
    ("rows", "message"),
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
def test_rows_without_four_species_fail_with_a_description(rows: Rows, message: str) -> None:
    with pytest.raises(TrainingFailed, match=message) as caught:
        label(rows)
    assert str(caught.value).startswith("the species cannot be told apart in ")
    assert "\n" not in str(caught.value)


def test_two_groups_with_the_body_plan_of_one_species_are_ambiguous() -> None:
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


Floats = NDArray[np.float64]
LIGHT = ((0.2, 0.8), (1, 80))
HEAVY = ((2.5, 3.3), (2600, 6900))
EVERYWHERE = ((0, 10), (0, 1000))


def box(rng: np.random.Generator, n: int, ranges: tuple[tuple[float, float], tuple[float, float]]) -> Floats:
    return np.column_stack([rng.uniform(*bounds, n) for bounds in ranges])


def background_of(n: int, values: Floats) -> Floats:
    """Return the logarithm of n rows distributed uniformly over ten metres and a thousand kilograms."""
    return np.full(len(values), np.log(n / 10_000))


@pytest.mark.parametrize("n", [40, 400, 3 * SAMPLE])
def test_a_group_is_separated_from_the_background(n: int) -> None:
    rng = np.random.default_rng(n)
    few = max(n // 50, 2)
    values = np.concatenate([box(rng, n, LIGHT), box(rng, few, ((2, 10), (200, 1000)))])
    found = find_one(values, background_of(few, values))
    assert found
    assert (found.group[:n] == 0).mean() > 0.999
    assert (found.group[n:] == BACKGROUND).all()


@pytest.mark.parametrize("n", [200, 2000, 3 * SAMPLE])
def test_rows_that_are_all_background_are_no_group(n: int) -> None:
    values = box(np.random.default_rng(n), n, EVERYWHERE)
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
@pytest.mark.parametrize("shape", ["uniform", "bell", "skewed", "growing"])
def test_one_group_is_not_split_in_two(shape: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bell = rng.normal((0.5, 40), (0.08, 8), (300, 2))
    skewed = np.exp(rng.normal((-0.7, 3.5), (0.2, 0.4), (300, 2)))
    age = rng.uniform(0, 1, (300, 1))
    growing = np.concatenate([0.2 + 0.6 * age, 1 + 79 * age**2], axis=1) * rng.normal(1, 0.05, (300, 2))
    values = {"uniform": box(rng, 300, LIGHT), "bell": bell, "skewed": skewed, "growing": growing}[shape]
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


RNG = np.random.default_rng(0)


@pytest.mark.parametrize("weights", [(1, 40), (1, 4000), (1e-3, 2e-3)])
def test_there_is_a_gap_between_two_groups_in_any_unit(weights: tuple[float, float]) -> None:
    light, heavy = (RNG.uniform((0.5, 0.8 * w), (0.8, 1.2 * w), (200, 2)) for w in weights)
    assert valley_share(light, heavy) == 0


@pytest.mark.parametrize("sizes", [(300, 300), (50, 1000), (1000, 50)])
def test_there_is_no_gap_between_the_halves_of_one_group(sizes: tuple[int, int]) -> None:
    n, m = sizes
    whole = np.sort(RNG.uniform(0, 1, n + m))
    together = np.column_stack([whole + RNG.normal(0, 0.02, n + m), 50 * whole])
    assert valley_share(together[:n], together[n:]) > 0.05


def test_a_uniform_sample_cut_in_two_is_equally_dense_everywhere() -> None:
    whole = RNG.uniform(0, 1, (200_000, 2))
    light = whole[:, 1] < 0.5
    assert valley_share(whole[light], whole[~light]) == pytest.approx(VALLEY_WIDTH, abs=0.01)


def test_groups_at_the_same_place_are_not_separate() -> None:
    same = RNG.normal(0, 1, (100, 2))
    assert valley_share(same, same) == 1
    assert valley_share(np.ones((20, 2)), np.ones((20, 2))) == 1


def test_values_that_occur_once_are_unchanged() -> None:
    values = np.array([3.0, 1.0, 2.5])
    assert np.array_equal(spread_ties(values), values)


def test_rounded_values_get_their_distribution_back() -> None:
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
def test_the_order_of_the_values_is_kept(whole: list[int]) -> None:
    values = np.array(whole, dtype=np.float64)
    spread = spread_ties(values)
    assert len(spread) == len(values)
    for low in set(whole):
        for high in {value for value in whole if value > low}:
            assert spread[values == low].max() <= spread[values == high].min()
