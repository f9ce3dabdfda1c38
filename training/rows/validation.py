"""Rows for training: validated against `Animal`, the valid ones as a matrix, the others counted with their reasons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from menagerie.animal import FEATURE_DETAILS, FEATURES, Animal, Kind
from menagerie.animal_file import Chunk, Refusal, refusal_reason, within_bounds

NAMED_REFUSALS = 20

_TYPES_OF_KIND: dict[Kind, set[type]] = {Kind.COUNT: {int}, Kind.MEASURE: {int, float}, Kind.FLAG: {bool}}
_TYPES = tuple(_TYPES_OF_KIND[feature.kind] for feature in FEATURE_DETAILS)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, as the manifest records it."""

    kind: Literal["data-service", "dataset", "feedback"]
    url: str | None = None
    seed: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class AnimalRows:
    """The valid ones of the rows received, and the first refusals."""

    matrix: NDArray[np.float32]
    """Shape (n, features), columns as in `FEATURES`, metres and kilograms."""
    is_valid: NDArray[np.bool_]
    """Shape (received,)."""
    refusals: tuple[Refusal, ...] = ()
    """At most NAMED_REFUSALS."""

    @property
    def received(self) -> int:
        """Number of rows, valid or not."""
        return len(self.is_valid)

    @property
    def refused(self) -> int:
        """Number of rows that are no valid animal."""
        return len(self.is_valid) - len(self.matrix)


def validate(rows: Sequence[object], first_line: int = 1) -> AnimalRows:
    """Validate JSON values as `Animal` does; refusals count lines from `first_line`."""
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
                refusals.append(Refusal(first_line + place, refusal_reason(error)))
        else:
            valid.append(_values(animal.__dict__))
            is_valid[place] = True
    return AnimalRows(_matrix(valid), is_valid, tuple(refusals))


def rows_of(chunks: Iterable[Chunk]) -> AnimalRows:
    """Return the rows of a file; reading the chunks raises InvalidInput."""
    return joined(
        AnimalRows(chunk.table.astype(np.float32), chunk.is_valid, tuple(chunk.refusals[:NAMED_REFUSALS]))
        for chunk in chunks
    )


def joined(parts: Iterable[AnimalRows]) -> AnimalRows:
    """Return the parts as one, in their order."""
    parts = list(parts)
    return AnimalRows(
        np.concatenate([_matrix([]), *(part.matrix for part in parts)]),
        np.concatenate([np.empty(0, dtype=bool), *(part.is_valid for part in parts)]),
        tuple(refusal for part in parts for refusal in part.refusals)[:NAMED_REFUSALS],
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
    return table.astype(np.float32) if within_bounds(table).all() else None
