"""Animals out of CSV files and edited tables: the good rows, and what is wrong with which line of the others."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from menagerie.animal import FEATURE_DETAILS, FEATURES, Animal

COLUMNS = FEATURES
_MAXIMA = {feature.name: feature.maximum for feature in FEATURE_DETAILS}
MAX_LEGS = int(_MAXIMA["walks_on_n_legs"])
MAX_HEIGHT_M, MAX_WEIGHT_KG = _MAXIMA["height"], _MAXIMA["weight"]
MAX_ROWS = 50_000
_DELIMITERS = ",;\t"
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


class UnreadableFile(Exception):
    """Nothing in the file can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that is no animal."""

    line: int
    """Counted as an editor or a spreadsheet counts, the header being line 1; in a table the first row is 1."""
    reason: str


@dataclass(frozen=True, slots=True)
class AnimalRows:
    """What was found, in the order it stands."""

    animals: list[Animal] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def read_csv(data: bytes) -> AnimalRows:
    """Read a CSV file with a header that names `COLUMNS` in any order; other columns and empty lines are left alone.

    Separated by commas, semicolons or tabs; with the latter two a decimal comma is understood. Raises UnreadableFile.
    """
    try:
        # Files saved by spreadsheets open with a byte order mark.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("This is no text in UTF-8. Save it as “CSV UTF-8” and choose it again.") from error
    first_line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UnreadableFile(f"The first line does not name {', '.join(missing)}. The template shows how it looks.")
        return _sorted_out(_csv_rows(reader, header, decimal_comma=delimiter != ","))
    except csv.Error as error:
        raise UnreadableFile(f"Line {reader.line_num} cannot be read: {error}.") from error


def read_table(frame: pd.DataFrame) -> AnimalRows:
    """Read a table with the columns `COLUMNS`, as the editor gives it back; rows that are empty are left alone."""
    rows = frame.reindex(columns=list(COLUMNS)).itertuples(index=False)
    return _sorted_out((i, row) for i, row in enumerate(rows, 1) if not all(_is_absent(value) for value in row))


def animal_table(animals: Sequence[Animal]) -> pd.DataFrame:
    """Return animals as the table that the editor takes and `read_table` reads; units as in `Animal`."""
    frame = pd.DataFrame([animal.model_dump() for animal in animals], columns=list(COLUMNS))
    types = {"walks_on_n_legs": "Int64", "height": "float", "weight": "float", "has_wings": "bool", "has_tail": "bool"}
    return frame.astype(types)


def animal_of(row: Mapping[str, object]) -> Animal:
    """Return the animal that a row describes; raise ValueError that names every column that does not."""
    faults: list[str] = []
    legs = _number(row, "walks_on_n_legs", 0, MAX_LEGS, faults, whole=True)
    height = _number(row, "height", 0, MAX_HEIGHT_M, faults)
    weight = _number(row, "weight", 0, MAX_WEIGHT_KG, faults)
    wings = _truth(row, "has_wings", faults)
    tail = _truth(row, "has_tail", faults)
    if faults:
        raise ValueError("; ".join(faults))
    return Animal(walks_on_n_legs=int(legs), height=height, weight=weight, has_wings=wings, has_tail=tail)


def _csv_rows(
    reader: Iterator[list[str]], header: list[str], *, decimal_comma: bool
) -> Iterator[tuple[int, Sequence[object] | str]]:
    places = [header.index(name) for name in COLUMNS]
    # Not `reader.line_num`, which a quoted line break moves on: people count rows.
    for line, values in enumerate(reader, 2):
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            yield line, f"{len(values)} values where the header has {len(header)}"
            continue
        picked = [values[place].strip() for place in places]
        yield line, [value.replace(",", ".") for value in picked] if decimal_comma else picked


def _sorted_out(rows: Iterable[tuple[int, Sequence[object] | str]]) -> AnimalRows:
    found = AnimalRows()
    for line, row in rows:
        if len(found.animals) + len(found.faults) == MAX_ROWS:
            raise UnreadableFile(f"There are more than {MAX_ROWS:,} rows. Send them in several files.")
        try:
            if isinstance(row, str):
                raise ValueError(row)
            found.animals.append(animal_of(dict(zip(COLUMNS, row, strict=True))))
        except ValueError as error:
            found.faults.append(RowFault(line, str(error)))
    return found


def _number(
    row: Mapping[str, object], name: str, least: float, most: float, faults: list[str], *, whole: bool = False
) -> float:
    value = row[name]
    try:
        number = math.nan if isinstance(value, bool) or _is_absent(value) else float(str(value))
    except ValueError:
        number = math.nan
    if _is_absent(value):
        faults.append(f"{name} is missing")
    elif math.isnan(number):
        faults.append(f"{name} is no number: {str(value)[:40]}")
    elif whole and not number.is_integer():
        faults.append(f"{name} is no whole number: {number:g}")
    elif number > most or number < least or (number == 0 and not whole):
        faults.append(
            f"{name} is not {'from' if whole else 'above'} {least:g} {'to' if whole else 'and up to'} {most:g}"
        )
    return number


def _truth(row: Mapping[str, object], name: str, faults: list[str]) -> bool:
    value = row[name]
    if _is_absent(value):
        faults.append(f"{name} is missing")
        return False
    truth = _BOOLEANS.get(str(value).lower())
    if truth is None:
        faults.append(f"{name} is neither true nor false: {str(value)[:40]}")
    return bool(truth)


def _is_absent(value: object) -> bool:
    return value is None or value is pd.NA or value == "" or (isinstance(value, float) and math.isnan(value))
