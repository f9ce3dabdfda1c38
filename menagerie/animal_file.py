"""Reads animals from CSV files in chunks: every row with its line, as an animal or as a refusal that gives the reason.

The first line names the features in any order and case; other columns are kept as text, rows without any value are
skipped. Values are separated by commas, semicolons or tabs; with the latter two, numbers may have a decimal comma.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from menagerie.animal import DISCRETE_COLUMNS, FEATURE_DETAILS, FEATURES, Animal, Kind, animal_of
from menagerie.errors import InvalidInput

ROWS_PER_CHUNK = 50_000
SEPARATORS = ",;\t"
BOOLEANS: Mapping[str, bool] = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}

_LONGEST_QUOTE = 40
# float() also takes underscores, digits of other scripts, nan and infinity.
_NUMBERS = re.compile(r"[0-9.eE+\- \n]*")
_MINIMUM = np.array([feature.minimum for feature in FEATURE_DETAILS])
_MAXIMUM = np.array([feature.maximum for feature in FEATURE_DETAILS])
_IS_EXCLUSIVE = np.array([feature.minimum_is_exclusive for feature in FEATURE_DETAILS])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is no valid animal."""

    line: int
    """Number of the row's first line, counted from one as an editor does."""
    reason: str

    def __str__(self) -> str:
        """Return line and reason in one line."""
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a file."""

    separator: str
    """What separates the values in the file."""
    header: list[str]
    """Names of all columns, as written."""
    texts: list[list[str]]
    """Values of all columns of each row, as written."""
    lines: list[int]
    """Number of each row's first line."""
    table: NDArray[np.float64]
    """The n valid rows, shape (n, features), columns as in `FEATURES`."""
    is_valid: NDArray[np.bool_]
    """Shape (rows,)."""
    refusals: list[Refusal]
    """The other rows, in their order."""

    def rows(self) -> Iterator[tuple[int, Animal | Refusal]]:
        """Yield the line of each row with its animal or refusal."""
        table, refusals = iter(self.table.tolist()), iter(self.refusals)
        for line, is_valid in zip(self.lines, self.is_valid.tolist(), strict=True):
            yield line, animal_of(next(table)) if is_valid else next(refusals)


def read_path(path: Path) -> Iterator[Chunk]:
    """Yield the chunks of a file; raise InvalidInput as `read` does, and if the file cannot be opened or read."""
    try:
        with path.open("rb") as file:
            yield from read(file, str(path))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error


def read(file: BinaryIO, name: str) -> Iterator[Chunk]:
    """Yield the rows of an open file in chunks of ROWS_PER_CHUNK, at least one, which may be empty.

    Errors refer to the file by `name`. Raises InvalidInput if the file is not UTF-8 text, lacks the column of a
    feature, or has a value that is too long.
    """
    # Spreadsheets begin their files with a byte order mark.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _chunks(text, name)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name} is not UTF-8 text ({error.reason}); save it as CSV UTF-8") from error
    finally:
        text.detach()


def within_bounds(table: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows of shape (n, features) are animals by the bounds of `Animal`, shape (n,)."""
    # A NaN fails every comparison, so it is never within.
    within = (table >= _MINIMUM) & (table <= _MAXIMUM) & ~(_IS_EXCLUSIVE & (table == _MINIMUM))
    discrete = table[:, DISCRETE_COLUMNS]
    within[:, DISCRETE_COLUMNS] &= discrete == np.floor(discrete)
    return np.asarray(within.all(axis=1))


def refusal_reason(error: ValidationError, texts: Mapping[str, str] | None = None) -> str:
    """Return in one line why a row is no `Animal`, with the values if the `texts` of its features are given.

    Without them, nothing of the row is repeated, and a field that is no feature is not named.
    """
    reasons = []
    for fault in error.errors(include_url=False, include_input=False):
        field = str(fault["loc"][0]) if fault["loc"] else "row"
        name = field if field in (*FEATURES, "row") else "another field"
        text = (texts or {}).get(field)
        if text is not None and not text.strip():
            reasons.append(f"{name}: no value")
            continue
        value = "" if text is None else f", not {text[:_LONGEST_QUOTE]!r}"
        reasons.append(f"{name}: {fault['msg'][0].lower()}{fault['msg'][1:]}{value}")
    return "; ".join(dict.fromkeys(reasons))


def _chunks(text: io.TextIOWrapper, name: str) -> Iterator[Chunk]:
    first_line = text.readline()
    separator = _separator(first_line)
    reader = csv.reader(chain([first_line] if first_line else [], text), delimiter=separator)
    try:
        header: list[str] = next(reader, [])
        parser = _RowParser(header, separator, name)
        texts: list[list[str]] = []
        lines: list[int] = []
        line = reader.line_num + 1
        for values in reader:
            if any(map(str.strip, values)):
                texts.append(values)
                lines.append(line)
                if len(texts) == ROWS_PER_CHUNK:
                    yield parser.chunk(texts, lines)
                    texts, lines = [], []
            line = reader.line_num + 1
        yield parser.chunk(texts, lines)
    except csv.Error as error:
        raise InvalidInput(f"{name}, line {reader.line_num}: {error}") from error


def _separator(first_line: str) -> str:
    """Return the separator with which the line names all features, or else the most frequent one."""
    with suppress(csv.Error):  # reported when the header is read
        for separator in SEPARATORS:
            if set(FEATURES) <= set(_column_names(next(csv.reader([first_line], delimiter=separator), []))):
                return separator
    return max(SEPARATORS, key=first_line.count)


def _column_names(header: list[str]) -> list[str]:
    return [column.strip().lower() for column in header]


class _RowParser:
    """Turns the texts of rows into numbers."""

    def __init__(self, header: list[str], separator: str, name: str) -> None:
        self._separator, self._header = separator, header
        self._decimal_comma = separator != ","
        columns = _column_names(header)
        missing = [feature for feature in FEATURES if feature not in columns]
        if missing:
            raise InvalidInput(f"{name} has no column {', '.join(missing)}; its header is {','.join(header)[:200]!r}")
        self._places = [columns.index(feature) for feature in FEATURES]
        self._pick = itemgetter(*self._places)

    def chunk(self, texts: list[list[str]], lines: list[int]) -> Chunk:
        table = self._all_valid(texts)
        if table is not None:
            return Chunk(self._separator, self._header, texts, lines, table, np.ones(len(texts), dtype=bool), [])
        rows: list[Sequence[float]] = []
        is_valid = np.zeros(len(texts), dtype=bool)
        refusals = []
        for place, (values, line) in enumerate(zip(texts, lines, strict=True)):
            animal = self._animal(values)
            if isinstance(animal, Animal):
                rows.append([getattr(animal, name) for name in FEATURES])
                is_valid[place] = True
            else:
                refusals.append(Refusal(line, animal))
        table = np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))
        return Chunk(self._separator, self._header, texts, lines, table, is_valid, refusals)

    def _all_valid(self, texts: list[list[str]]) -> NDArray[np.float64] | None:
        """Return the table if every row is valid, else None: a million rows, column by column, in about a second."""
        if set(map(len, texts)) != {len(self._header)}:
            return None
        try:
            columns = [
                self._column(feature.kind, [values[place] for values in texts])
                for feature, place in zip(FEATURE_DETAILS, self._places, strict=True)
            ]
        except (KeyError, ValueError):
            return None
        table = np.column_stack(columns)
        return table if within_bounds(table).all() else None

    def _column(self, kind: Kind, texts: list[str]) -> NDArray[np.float64]:
        if kind is Kind.FLAG:
            return np.array([BOOLEANS[text.strip().lower()] for text in texts], dtype=np.float64)
        return np.array(_numbers(texts, decimal_comma=self._decimal_comma), dtype=np.float64)

    def _animal(self, values: list[str]) -> Animal | str:
        """Return the animal of one row, or the reason why there is none."""
        if len(values) != len(self._header):
            return f"{len(values)} values, {len(self._header)} expected"
        texts = dict(zip(FEATURES, self._pick(values), strict=True))
        # A text that cannot be converted stays one, and is refused by `Animal`.
        row = {each.name: self._value(each.kind, texts[each.name]) for each in FEATURE_DETAILS}
        try:
            return Animal.model_validate(row)
        except ValidationError as error:
            return refusal_reason(error, texts)

    def _value(self, kind: Kind, text: str) -> bool | float | str:
        if kind is Kind.FLAG:
            return BOOLEANS.get(text.strip().lower(), text)
        try:
            return _numbers([text], decimal_comma=self._decimal_comma)[0]
        except ValueError:
            return text


def _numbers(texts: list[str], *, decimal_comma: bool) -> list[float]:
    """Return texts as numbers; raise ValueError if one of them is not a decimal number, which NaN is not either."""
    joined = "\n".join(texts)
    if decimal_comma:
        joined = joined.replace(",", ".")
    if not _NUMBERS.fullmatch(joined):
        raise ValueError("a character that no number has")
    numbers = list(map(float, joined.split("\n")))
    if len(numbers) != len(texts):
        raise ValueError("a line break within a number")
    return numbers
