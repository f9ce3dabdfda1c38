"""Draws the rows: four species with their ranges, and a share of outliers. No other package may use this table."""

import random
from collections.abc import Iterator
from typing import NamedTuple

OUTLIER_SHARE = 0.05
OUTLIER_LEGS = (1, 5)
OUTLIER_HEIGHT_M = (0.0, 10.0)
OUTLIER_WEIGHT_KG = (0.0, 1000.0)


class SpeciesRange(NamedTuple):
    """Ranges of the adults of a species; figures from Wikipedia."""

    legs: int
    height_m: tuple[float, float]
    weight_kg: tuple[float, float]
    wings: bool
    tail: bool


# The order determines the rows of a seed.
SPECIES: dict[str, SpeciesRange] = {
    "kangaroo": SpeciesRange(2, (1.6, 2.0), (40.0, 90.0), wings=False, tail=True),
    "elephant": SpeciesRange(4, (2.47, 3.36), (2600.0, 6900.0), wings=False, tail=True),
    "chicken": SpeciesRange(2, (0.15, 0.50), (0.037, 4.2), wings=True, tail=True),
    "dog": SpeciesRange(4, (0.13, 0.81), (0.5, 79.0), wings=False, tail=True),
}


class Row(NamedTuple):
    """One unlabelled animal; fields in the order of the published schema."""

    walks_on_n_legs: int
    height: float
    weight: float
    has_wings: bool
    has_tail: bool


def rows(seed: int, count: int) -> Iterator[Row]:
    """Yield `count` rows, in metres and kilograms. Rows depend on the seed; a larger count continues them."""
    return (row for _, row in rows_with_truth(seed, count))


def rows_with_truth(seed: int, count: int) -> Iterator[tuple[str | None, Row]]:
    """Yield each row with the species it was drawn from, None for an outlier; for tests, never for training."""
    rng = random.Random(seed)  # noqa: S311 - the published generator, not a secret
    names = list(SPECIES)
    for _ in range(count):
        if rng.random() < OUTLIER_SHARE:
            yield (
                None,
                Row(
                    rng.randint(*OUTLIER_LEGS),
                    rng.uniform(*OUTLIER_HEIGHT_M),
                    rng.uniform(*OUTLIER_WEIGHT_KG),
                    rng.choice([True, False]),
                    rng.choice([True, False]),
                ),
            )
        else:
            name = rng.choice(names)
            kind = SPECIES[name]
            yield name, Row(kind.legs, rng.uniform(*kind.height_m), rng.uniform(*kind.weight_kg), kind.wings, kind.tail)
