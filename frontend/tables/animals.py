"""Animals of an uploaded file or an edited table, the columns of the table, and CSV files: pure functions."""

import io
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from frontend.api.data_service import AnimalRows
from frontend.wording import number
from menagerie.animal import EXAMPLES, FEATURE_DETAILS, FEATURES, Animal, Feature, Kind
from menagerie.animal_file import Refusal, read
from menagerie.errors import InvalidInput

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

MAX_ROWS = 50_000
_COLUMN_TYPES = {Kind.COUNT: "Int64", Kind.MEASURE: "float", Kind.FLAG: "bool"}


def read_csv(data: bytes, name: str = "The file") -> AnimalRows:
    """Return the rows of a CSV file; raise InvalidInput, with `name` in its text, if no row can be read."""
    rows = AnimalRows()
    for chunk in read(io.BytesIO(data), name):
        if len(rows.animals) + len(rows.refusals) + len(chunk.lines) > MAX_ROWS:
            raise InvalidInput(f"{name} has more than {number(MAX_ROWS)} rows; split it into several files")
        for _, row in chunk.rows():
            if isinstance(row, Animal):
                rows.animals.append(row)
            else:
                rows.refusals.append(row)
    return rows


def read_table(frame: pd.DataFrame) -> AnimalRows:
    """Return the rows of a table with the columns `FEATURES`, counted from 1; rows without any value are skipped."""
    rows = read_csv(_csv(frame.reindex(columns=list(FEATURES))), "The table")
    # The header of the file is not a row of the table.
    return replace(rows, refusals=[replace(refusal, line=refusal.line - 1) for refusal in rows.refusals])


def animal_table(animals: Sequence[Animal]) -> pd.DataFrame:
    """Return animals as a table with the columns `FEATURES`, which the editor takes and `read_table` reads."""
    frame = pd.DataFrame([animal.model_dump() for animal in animals], columns=list(FEATURES))
    return frame.astype({feature.name: _COLUMN_TYPES[feature.kind] for feature in FEATURE_DETAILS})


def editor_columns() -> dict[str, "ColumnConfig"]:
    """Return the configuration of the columns of `animal_table` for Streamlit's editor."""
    return {feature.name: _editor_column(feature) for feature in FEATURE_DETAILS}


def describe_columns() -> str:
    """Describe the columns of a CSV file in one line, with their units."""
    units = [f"{feature.name} in {feature.unit}" if feature.unit else feature.name for feature in FEATURE_DETAILS]
    return f"Columns: {', '.join(units)}. Other columns are ignored."


def template_csv() -> bytes:
    """Return a CSV file with the example animals, to fill in."""
    return animals_csv(list(EXAMPLES.values()))


def animals_csv(animals: Sequence[Animal]) -> bytes:
    """Return a CSV file of animals, which `read_csv` reads."""
    return _csv(animal_table(animals))


def refusals_csv(refusals: Sequence[Refusal]) -> bytes:
    """Return a CSV file of the lines and reasons of refused rows."""
    return _csv(pd.DataFrame([{"line": refusal.line, "reason": refusal.reason} for refusal in refusals]))


def _editor_column(feature: Feature) -> "ColumnConfig":
    columns = st.column_config
    match feature.kind:
        case Kind.COUNT:
            least, most = int(feature.minimum), int(feature.maximum)
            return columns.NumberColumn(feature.heading, min_value=least, max_value=most, step=1)
        case Kind.MEASURE:
            return columns.NumberColumn(feature.heading, max_value=feature.maximum, format="%.6g")
        case Kind.FLAG:
            # A new row has the value that most examples have.
            default = statistics.mode(bool(getattr(animal, feature.name)) for animal in EXAMPLES.values())
            return columns.CheckboxColumn(feature.heading, default=default)


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()
