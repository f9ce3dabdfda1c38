"""Rows on their way into training: validated against `Animal`, the bad ones counted and named, the rest a matrix."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from menagerie.animal import FEATURE_DETAILS, FEATURES, Animal, Kind

NAMED_REFUSALS = 20

_TYPES_OF_KIND: dict[Kind, set[type]] = {Kind.COUNT: {int}, Kind.MEASURE: {int, float}, Kind.FLAG: {bool}}
_TYPES = tuple(_TYPES_OF_KIND[feature.kind] for feature in FEATURE_DETAILS)
_MINIMUM = np.array([feature.minimum for feature in FEATURE_DETAILS])
_MAXIMUM = np.array([feature.maximum for feature in FEATURE_DETAILS])
_IS_EXCLUSIVE = np.array([feature.minimum_is_exclusive for feature in FEATURE_DETAILS])


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, as the manifest will tell it."""

    kind: Literal["data-service", "dataset", "feedback"]
    url: str | None = None
    seed: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is no valid animal; `line` counts from one."""

    line: int
    reason: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stands where a line of a file is no row, and says why in our own words."""

    reason: str


@dataclass(frozen=True, slots=True)
class AnimalRows:
    """Valid rows, and what became of the others."""

    matrix: NDArray[np.float32]
    """Shape (n, 5), columns as in `FEATURES`, metres and kilograms."""
    is_valid: NDArray[np.bool_]
    """Shape (received,): which of the rows received these are."""
    refusals: tuple[Refusal, ...] = ()
    """The first few of the rows that were refused."""

    @property
    def received(self) -> int:
        """Return how many rows there were, valid or not."""
        return len(self.is_valid)

    @property
    def refused(self) -> int:
        """Return how many rows were no valid animal."""
        return len(self.is_valid) - len(self.matrix)

    @property
    def repeated(self) -> int:
        """Return how many valid rows repeat an earlier one."""
        ordered = self.matrix[np.lexsort(self.matrix.T)]
        return int((ordered[1:] == ordered[:-1]).all(axis=1).sum())


def validate(rows: Sequence[object], lines: Sequence[int] | None = None) -> AnimalRows:
    """Validate rows as `Animal` does; `lines` says where each stands, from line 1 if left out."""
    matrix = _all_valid(rows)
    if matrix is not None:
        return AnimalRows(matrix, np.ones(len(rows), dtype=bool))
    valid: list[tuple[Any, ...]] = []
    is_valid = np.zeros(len(rows), dtype=bool)
    refusals: list[Refusal] = []
    for place, row in enumerate(rows):
        try:
            animal = Animal.model_validate(row)
        except ValidationError as error:
            if len(refusals) < NAMED_REFUSALS:
                reason = row.reason if isinstance(row, Malformed) else _reason(error)
                refusals.append(Refusal(lines[place] if lines else place + 1, reason))
        else:
            valid.append(_values(animal.__dict__))
            is_valid[place] = True
    return AnimalRows(_matrix(valid), is_valid, tuple(refusals))


def within_limits(table: NDArray[np.float64]) -> bool:
    """Tell whether all of a table of shape (n, 5), columns as in `FEATURES`, is within the limits of `Animal`."""
    # A NaN fails every comparison, so it is never within.
    within = (table >= _MINIMUM) & (table <= _MAXIMUM) & ~(_IS_EXCLUSIVE & (table == _MINIMUM))
    return bool(within.all())


def joined(parts: Iterable[AnimalRows]) -> AnimalRows:
    """Return the parts as one, in their order."""
    parts = list(parts)
    return AnimalRows(
        np.concatenate([_matrix([]), *(part.matrix for part in parts)]),
        np.concatenate([np.empty(0, dtype=bool), *(part.is_valid for part in parts)]),
        tuple(refusal for part in parts for refusal in part.refusals)[:NAMED_REFUSALS],
    )


def _reason(error: ValidationError) -> str:
    """Say what is wrong, by the names of `FEATURES` alone: others come from whoever sent the row."""
    faults = error.errors(include_url=False, include_input=False)
    named = [(str(item["loc"][0]) if item["loc"] else "row", item["msg"]) for item in faults]
    return ", ".join(
        dict.fromkeys(
            f"{name if name in (*FEATURES, 'row') else 'another field'}: {text[0].lower()}{text[1:]}"
            for name, text in named
        )
    )


_values = itemgetter(*FEATURES)


def _matrix(values: Sequence[tuple[Any, ...]]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32).reshape(-1, len(FEATURES))


def _all_valid(rows: Sequence[Any]) -> NDArray[np.float32] | None:
    """Return the matrix if every row is valid, else None: a million rows, column by column, in about a second."""
    if not rows or set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(FEATURES)}:
        return None
    try:
        values = list(map(_values, rows))
        for column, types in zip(zip(*values, strict=True), _TYPES, strict=True):
            if not set(map(type, column)) <= types:
                return None
        table = np.array(values, dtype=np.float64)
    except (KeyError, OverflowError):
        return None
    return table.astype(np.float32) if within_limits(table) else None
