"""Rows of a training: received and validated as a matrix, then labelled, split into folds, with feedback among them."""

import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from menagerie.animal import CLASSES, DISCRETE_COLUMNS, FEATURE_DETAILS, FEATURES, Animal, Kind, Species, feature_matrix
from menagerie.animal_file import Chunk, Refusal, refusal_reason, within_bounds
from menagerie.errors import InvalidInput
from menagerie.ports.feedback import LabelledAnimal

NAMED_REFUSALS = 20

_TYPES_OF_KIND: dict[Kind, set[type]] = {Kind.COUNT: {int}, Kind.MEASURE: {int, float}, Kind.FLAG: {bool}}
_TYPES = tuple(_TYPES_OF_KIND[feature.kind] for feature in FEATURE_DETAILS)
_values = itemgetter(*FEATURES)

Labels = NDArray[np.int64]
UNKNOWN = CLASSES.index(Species.UNKNOWN)

FOLDS = 5
HELD_OUT = 0
"""The fold for metrics and for the comparison with the current model."""
CALIBRATION = 1
"""The fold for the thresholds of the prediction sets; the classifier is fitted to all other folds."""
# New feedback is assigned to the folds in this order: the first few rows of a species are fitted to.
FEEDBACK_FOLDS = (*(fold for fold in range(FOLDS) if fold not in (HELD_OUT, CALIBRATION)), HELD_OUT, CALIBRATION)

_DTYPE = [
    *((name, "f4") for name in FEATURES),
    ("species", f"U{max(map(len, CLASSES))}"),
    ("fold", "i1"),
    ("prediction_id", "U40"),
]
_HEADER = ",".join(name for name, _ in _DTYPE)


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


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows in canonical order; a row that a person labelled names the prediction of the feedback."""

    matrix: NDArray[np.float32]
    """Shape (n, features), columns as in `FEATURES`, metres and kilograms."""
    labels: Labels
    """Shape (n,), index in `CLASSES`."""
    folds: NDArray[np.intp]
    """Shape (n,), 0 to FOLDS - 1."""
    prediction_ids: NDArray[np.str_]
    """Shape (n,), empty where there is no feedback."""

    @classmethod
    def without_feedback(cls, matrix: NDArray[np.float32], labels: Labels, folds: NDArray[np.intp]) -> Self:
        """Return rows that no person labelled."""
        return cls(matrix, labels, folds, np.zeros(len(matrix), dtype="U40"))

    def to_csv_gz(self) -> bytes:
        """Return a compressed CSV file: the same bytes for the same rows, with all digits of the numbers."""
        numbers = [column.astype("U32").tolist() for column in self.matrix.T]
        for column in DISCRETE_COLUMNS:
            numbers[column] = self.matrix[:, column].astype(np.int64).astype("U32").tolist()
        species = [CLASSES[label].value for label in self.labels.tolist()]
        lines = map(
            ",".join,
            zip(*numbers, species, self.folds.astype("U4").tolist(), self.prediction_ids.tolist(), strict=True),
        )
        return gzip.compress("\n".join([_HEADER, *lines, ""]).encode(), compresslevel=6, mtime=0)

    @classmethod
    def from_csv_gz(cls, content: bytes) -> Self:
        """Read a file that `to_csv_gz` wrote; raise InvalidInput for anything else."""
        try:
            text = io.StringIO(gzip.decompress(content).decode())
            if text.readline().rstrip("\n") != _HEADER:
                raise InvalidInput("the stored rows have another header")
            table = np.loadtxt(text, delimiter=",", dtype=_DTYPE, ndmin=1)
            index = {species.value: place for place, species in enumerate(CLASSES)}
            labels = np.array([index[name] for name in table["species"].tolist()], dtype=np.int64)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise InvalidInput(f"the stored rows cannot be read: {error}") from error
        matrix = np.stack([table[name] for name in FEATURES], axis=1).astype(np.float32)
        return cls(matrix, labels, table["fold"].astype(np.intp), table["prediction_id"])

    def select(self, keep: NDArray[np.bool_]) -> "LabelledRows":
        """Return some of the rows; `keep` has shape (n,)."""
        return LabelledRows(self.matrix[keep], self.labels[keep], self.folds[keep], self.prediction_ids[keep])

    def with_feedback(self, feedback: Sequence[LabelledAnimal], random_seed: int) -> "LabelledRows":
        """Return the rows with all given feedback in place of earlier feedback among them.

        A row equal to an animal with feedback is replaced. Rows keep their folds, so that neither the model they made
        nor its successor was fitted to the rows on which the two are compared.
        """
        named = feature_matrix(item.animal for item in feedback)
        labels = np.array([CLASSES.index(item.species) for item in feedback], dtype=np.int64)
        known_folds = dict(zip(_keys(self.matrix), self.folds.tolist(), strict=True))
        folds = _feedback_folds(_keys(named), labels, known_folds, random_seed)
        replaced = set(_keys(named))
        rest = self.select(
            (self.prediction_ids == "") & np.array([key not in replaced for key in _keys(self.matrix)], dtype=bool)
        )
        matrix = np.concatenate([rest.matrix, named])
        prediction_ids = np.array([item.prediction_id for item in feedback], dtype="U40")
        order = np.lexsort(matrix.T[::-1])
        return LabelledRows(
            matrix[order],
            np.concatenate([rest.labels, labels])[order],
            np.concatenate([rest.folds, folds])[order],
            np.concatenate([rest.prediction_ids, prediction_ids])[order],
        )


def in_canonical_order(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows of shape (n, d) sorted by their columns, so that no result depends on the order of arrival."""
    return rows[np.lexsort(rows.T[::-1])]


def split_folds(rows: NDArray[np.float32], labels: Labels, random_seed: int) -> NDArray[np.intp]:
    """Return the fold, 0 to FOLDS - 1, of each row, shape (n,); rows are in canonical order.

    The folds are stratified by label. Equal rows share a fold: a copy of a row that the classifier was fitted to says
    nothing about other rows. scikit-learn's StratifiedGroupKFold does the same in a Python loop over the groups, of
    which nearly every row is one: 19 s for 100,000 rows instead of 16 ms.
    """
    rng = np.random.default_rng(random_seed)
    fold = np.empty(len(rows), dtype=np.intp)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        is_new = np.r_[True, (rows[places[1:]] != rows[places[:-1]]).any(axis=1)]
        row_number = is_new.cumsum() - 1
        fold[places] = (rng.permutation(row_number[-1] + 1) % FOLDS)[row_number]
    return fold


def _feedback_folds(
    keys: list[bytes], labels: Labels, known_folds: dict[bytes, int], random_seed: int
) -> NDArray[np.intp]:
    """Return the fold of each animal with feedback: equal animals share one, and each species is in all folds."""
    rng = np.random.default_rng(random_seed)
    fold_of = {key: known_folds[key] for key in keys if key in known_folds}
    for label in np.unique(labels):
        new = [key for key, own in zip(keys, labels.tolist(), strict=True) if own == label and key not in fold_of]
        distinct = sorted(set(new))
        for turn, place in enumerate(rng.permutation(len(distinct)).tolist()):
            fold_of[distinct[place]] = FEEDBACK_FOLDS[turn % FOLDS]
    return np.array([fold_of[key] for key in keys], dtype=np.intp)


def _keys(matrix: NDArray[np.float32]) -> list[bytes]:
    return [row.tobytes() for row in matrix]
