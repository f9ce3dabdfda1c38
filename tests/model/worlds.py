"""Generators of rows with known classes: the official one, and others with different distributions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data_service.generator import SPECIES, rows_with_truth
from menagerie.animal import CLASSES
from training.rows import AnimalRows

UNKNOWN = len(CLASSES) - 1
Range = tuple[float, float]
Sample = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Rows of shape (n, 5), and their true classes of shape (n,) as indices in `CLASSES`."""

OFFICIAL_RANGES: dict[str, tuple[Range, Range]] = {name: (s.height_m, s.weight_kg) for name, s in SPECIES.items()}
YOUNG_RANGES: dict[str, tuple[Range, Range]] = {
    "kangaroo": ((0.8, 1.2), (10, 40)),
    "elephant": ((0.9, 1.5), (90, 900)),
    "chicken": ((0.08, 0.2), (0.02, 0.9)),
    "dog": ((0.1, 0.5), (0.3, 30)),
}


@dataclass(frozen=True)
class World:
    """The distribution of animals; the default is the official one."""

    ranges: Mapping[str, tuple[Range, Range]] = field(default_factory=lambda: OFFICIAL_RANGES)
    outliers: float = 0.05
    mix: tuple[float, float, float, float] = (1, 1, 1, 1)
    shape: Literal["flat", "bell"] = "flat"
    noise: float = 0.0
    """Standard deviation of the relative measurement error."""
    growing: bool = False
    """Tall animals are heavy: weight grows with the square of the height within each range."""


WORLDS: dict[str, World] = {
    "official": World(),
    "no outliers": World(outliers=0.0),
    "15 % outliers": World(outliers=0.15),
    "mix 12:1:5:2": World(mix=(12, 1, 5, 2)),
    "young animals": World(ranges=YOUNG_RANGES),
    "bell-shaped": World(shape="bell"),
    "10 % noise": World(noise=0.1),
    "30 % noise": World(noise=0.3),
    "mix and 15 %": World(mix=(12, 1, 5, 2), outliers=0.15),
    "growing": World(growing=True),
    "young and bell": World(ranges=YOUNG_RANGES, shape="bell"),
}


def draw(world: World, n: int, seed: int) -> Sample:
    """Return at most n rows with their classes, without rows that noise made negative."""
    rng = np.random.default_rng(seed)
    shares = np.array(world.mix) / sum(world.mix)
    truth = np.where(rng.random(n) < world.outliers, UNKNOWN, rng.choice(4, size=n, p=shares))
    rows = np.empty((n, 5))
    for index, name in enumerate(CLASSES):
        places = np.flatnonzero(truth == index)
        m = len(places)
        if index == UNKNOWN:
            bits = rng.integers(0, 2, (m, 2))
            rows[places] = np.column_stack(
                [rng.integers(1, 6, m), rng.uniform(0, 10, m), rng.uniform(0, 1000, m), bits]
            )
        else:
            height, weight = world.ranges[name]
            kind = SPECIES[name]
            heights, weights = (_drawn(rng, bounds, m, world.shape) for bounds in (height, weight))
            if world.growing:
                age = np.clip((heights - height[0]) / np.ptp(height) + rng.normal(0, 0.1, m), 0.01, 1)
                weights = weight[0] + age**2 * np.ptp(weight)
            legs, wings, tail = (np.full(m, value) for value in (kind.legs, kind.wings, kind.tail))
            rows[places] = np.column_stack([legs, heights, weights, wings, tail])
    if world.noise:
        rows[:, 1:3] *= np.exp(rng.normal(0, world.noise, (n, 2)))
    valid = (rows[:, 1:3] > 0).all(axis=1)
    return rows[valid].astype(np.float32), truth[valid].astype(np.int64)


def official(n: int, seed: int) -> Sample:
    """Return the rows of the data service for a seed, with their classes."""
    names, rows = zip(*rows_with_truth(seed, n), strict=True)
    truth = [UNKNOWN if name is None else [c.value for c in CLASSES].index(name) for name in names]
    return np.array(rows, dtype=np.float32), np.array(truth)


def as_received(matrix: NDArray[np.float32]) -> AnimalRows:
    """Return rows as the input of a training."""
    return AnimalRows(matrix, np.ones(len(matrix), dtype=bool))


def _drawn(rng: np.random.Generator, bounds: Range, m: int, shape: Literal["flat", "bell"]) -> NDArray[np.float64]:
    low, high = bounds
    # For a bell shape, the range is three standard deviations on each side.
    return rng.uniform(low, high, m) if shape == "flat" else rng.normal((low + high) / 2, (high - low) / 6, m)
