"""The rows that a model was made from, with labels and folds, and as the file that is kept beside the model."""

import gzip
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, FEATURES
from menagerie.errors import InvalidInput
from training.labelling.label import Labels

_DTYPE = [
    *((name, "f4") for name in FEATURES),
    ("species", "U10"),
    ("fold", "i1"),
    ("prediction_id", "U40"),
]
_HEADER = ",".join(name for name, _ in _DTYPE)


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows in canonical order; a row whose label a person gave names the prediction that it was given to."""

    matrix: NDArray[np.float32]
    """Shape (n, 5), columns as in `FEATURES`, metres and kilograms."""
    labels: Labels
    """Shape (n,), index in `CLASSES`."""
    folds: NDArray[np.intp]
    """Shape (n,), as `training.rows.splitting` gives them."""
    prediction_ids: NDArray[np.str_]
    """Shape (n,), empty text where nobody gave feedback."""

    @classmethod
    def unlabelled_by_people(
        cls, matrix: NDArray[np.float32], labels: Labels, folds: NDArray[np.intp]
    ) -> "LabelledRows":
        """Return rows that all got their labels from labelling."""
        return cls(matrix, labels, folds, np.zeros(len(matrix), dtype="U40"))

    def to_csv_gz(self) -> bytes:
        """Return a compressed CSV file, the same bytes for the same rows; numbers come back exactly."""
        numbers = [column.astype("U32").tolist() for column in self.matrix.T]
        for place in (0, 3, 4):
            numbers[place] = self.matrix[:, place].astype(np.int64).astype("U32").tolist()
        species = [CLASSES[label].value for label in self.labels.tolist()]
        lines = map(
            ",".join,
            zip(*numbers, species, self.folds.astype("U4").tolist(), self.prediction_ids.tolist(), strict=True),
        )
        return gzip.compress("\n".join([_HEADER, *lines, ""]).encode(), compresslevel=6, mtime=0)

    @classmethod
    def from_csv_gz(cls, content: bytes) -> "LabelledRows":
        """Read what `to_csv_gz` wrote; raise InvalidInput for anything else."""
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
