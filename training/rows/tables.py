"""Animals in CSV files: read with the line each stands on, a piece at a time, so that a million rows fit."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from menagerie.animal import FEATURES
from menagerie.errors import InvalidInput
from training.rows.validation import AnimalRows, Malformed, joined, validate

ROWS_AT_ONCE = 50_000

BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a file, as text and as validated rows."""

    header: list[str]
    texts: list[list[str]]
    rows: AnimalRows


def read(path: Path) -> AnimalRows:
    """Return the animals of a CSV file with a header; columns other than `FEATURES` are left alone.

    Raises InvalidInput if the file cannot be read or lacks a column.
    """
    return joined(piece.rows for piece in pieces(path))


def pieces(path: Path) -> Iterator[Piece]:
    """Yield a CSV file in pieces of ROWS_AT_ONCE lines; empty lines are no rows. Raises InvalidInput as `read` does."""
    try:
        # Files saved by spreadsheets open with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _pieces(path, file)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no UTF-8 text: {error.reason} at byte {error.start}") from error


def parse(name: str, file: TextIO) -> AnimalRows:
    """Return the animals of an open CSV file, which errors call by `name`; raise InvalidInput as `read` does."""
    try:
        return joined(piece.rows for piece in _pieces(name, file))
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name} is no UTF-8 text: {error.reason} at byte {error.start}") from error


def _pieces(path: Path | str, file: TextIO) -> Iterator[Piece]:
    reader = csv.reader(file)
    try:
        header: list[str] = next(reader, [])
        names = [name.strip() for name in header]
        missing = [name for name in FEATURES if name not in names]
        if missing:
            raise InvalidInput(f"{path} has no column {', '.join(missing)}; its header is {','.join(header)[:200]!r}")
        animal = _animal_reader(names)
        texts: list[list[str]] = []
        lines: list[int] = []
        for text in reader:
            if text:
                texts.append(text)
                lines.append(reader.line_num)
            if len(texts) == ROWS_AT_ONCE:
                yield Piece(header, texts, validate([animal(each) for each in texts], lines))
                texts, lines = [], []
        yield Piece(header, texts, validate([animal(each) for each in texts], lines))
    except csv.Error as error:
        raise InvalidInput(f"{path}, line {reader.line_num}: {error}") from error


def _animal_reader(names: list[str]) -> Callable[[list[str]], dict[str, object] | Malformed]:
    columns = len(names)
    legs, height, weight, wings, tail = (names.index(name) for name in FEATURES)

    def animal(text: list[str]) -> dict[str, object] | Malformed:
        if len(text) != columns:
            return Malformed(f"{len(text)} values, {columns} expected")
        # What cannot be converted stays text, and validation says what is wrong with it.
        return {
            "walks_on_n_legs": _count(text[legs]),
            "height": _number(text[height]),
            "weight": _number(text[weight]),
            "has_wings": _boolean(text[wings]),
            "has_tail": _boolean(text[tail]),
        }

    return animal


def _count(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        number = _number(text)
        return int(number) if isinstance(number, float) and number.is_integer() else number


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _boolean(text: str) -> bool | str:
    return BOOLEANS.get(text.strip().lower(), text)
