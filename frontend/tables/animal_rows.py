"""Animals of an uploaded file or an edited table, with the rows that are no valid animals."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from menagerie.animal import FEATURE_DETAILS, FEATURES, Animal, Kind
from menagerie.animal_file import Refusal, read
from menagerie.errors import InvalidInput

COLUMNS = FEATURES
RowFault = Refusal
UnreadableFile = InvalidInput
_MAXIMA = {feature.name: feature.maximum for feature in FEATURE_DETAILS}
MAX_LEGS = int(_MAXIMA["walks_on_n_legs"])
MAX_HEIGHT_M, MAX_WEIGHT_KG = _MAXIMA["height"], _MAXIMA["weight"]
MAX_ROWS = 50_000
_COLUMN_TYPES = {Kind.COUNT: "Int64", Kind.MEASURE: "float", Kind.FLAG: "bool"}


@dataclass(frozen=True, slots=True)
class AnimalRows:
    """Valid animals and refused rows, each in their order."""

    animals: list[Animal] = field(default_factory=list)
    faults: list[Refusal] = field(default_factory=list)


def read_csv(data: bytes, name: str = "The file") -> AnimalRows:
    """Return the rows of a CSV file; raise InvalidInput, with `name` in its text, if no row can be read."""
    rows = AnimalRows()
    for chunk in read(io.BytesIO(data), name):
        if len(rows.animals) + len(rows.faults) + len(chunk.lines) > MAX_ROWS:
            raise InvalidInput(f"{name} has more than {MAX_ROWS:,} rows; split it into several files")
        for _, row in chunk.rows():
            if isinstance(row, Animal):
                rows.animals.append(row)
            else:
                rows.faults.append(row)
    return rows


def read_table(frame: pd.DataFrame) -> AnimalRows:
    """Return the rows of a table with the columns `FEATURES`, counted from 1; rows without any value are skipped."""
    rows = read_csv(frame.reindex(columns=list(FEATURES)).to_csv(index=False).encode(), "The table")
    # The header of the file is not a row of the table.
    return replace(rows, faults=[replace(refusal, line=refusal.line - 1) for refusal in rows.faults])


def animal_table(animals: Sequence[Animal]) -> pd.DataFrame:
    """Return animals as a table with the columns `FEATURES`, which the editor takes and `read_table` reads."""
    frame = pd.DataFrame([animal.model_dump() for animal in animals], columns=list(FEATURES))
    return frame.astype({feature.name: _COLUMN_TYPES[feature.kind] for feature in FEATURE_DETAILS})
