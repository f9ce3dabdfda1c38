"""Score a valid CSV file by columns: pyarrow reads and writes, onnxruntime scores.

This is six times as fast as line by line. Any other file is read line by line, which can name invalid lines.
"""

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from menagerie.animal import CLASSES, FEATURE_DETAILS, FEATURES, Kind
from menagerie.animal_file import BOOLEANS, within_bounds
from menagerie.classifier import OnnxClassifier, in_prediction_set

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_BYTES = 8 * 1024 * 1024
# With a million rows at once, onnxruntime takes three times as long for a row as with these, which fit the CPU cache.
ROWS_AT_ONCE = 4096

_KNOWN = pa.array(list(BOOLEANS))
_TRUE = pa.array([text for text, value in BOOLEANS.items() if value])


class NotPlain(Exception):
    """The file must be read line by line."""


def score(path: Path, classifier: OnnxClassifier, output: Path, answers: Sequence[str], separator: str) -> None:
    """Write the columns of a file to another, then `answers`: species, confidence, prediction set, probabilities.

    Raises NotPlain at the first sign of a quote, a missing or repeated column, or anything that is no valid animal;
    what has been written until then is to be thrown away.
    """
    names = _plain_header(path)
    header = [*names, *answers]
    if len(set(header)) < len(header) or not set(FEATURES) <= set(names):
        raise NotPlain
    text, number = pa.string(), pa.float64()
    schema = pa.schema(zip(header, [text] * len(names) + [text, number, text] + [number] * len(CLASSES), strict=True))
    rows = 0
    try:
        options = csv.WriteOptions(include_header=False, quoting_style="none")
        with output.open("wb") as file, csv.CSVWriter(file, schema, write_options=options) as writer:
            file.write(f"{','.join(header)}\n".encode())
            for batch in _batches(path, names):
                columns = _answers(classifier, _matrix(batch), separator)
                writer.write_batch(pa.record_batch([*batch.columns, *columns], schema=schema))
                rows += batch.num_rows
    except pa.ArrowInvalid as error:
        raise NotPlain from error
    if not rows:
        raise NotPlain


def _plain_header(path: Path) -> list[str]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(b'"') >= 0:
                raise NotPlain
            return content.readline().decode("utf-8-sig").rstrip("\r\n").split(",")
    except (OSError, ValueError) as error:  # it cannot be mapped, is empty, or is not UTF-8
        raise NotPlain from error


def _batches(path: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    with csv.open_csv(path, csv.ReadOptions(block_size=BLOCK_BYTES), convert_options=options) as reader:
        yield from reader


def _matrix(batch: pa.RecordBatch) -> "NDArray[np.float32]":
    columns = [
        _flags(batch.column(feature.name)) if feature.kind is Kind.FLAG else _numbers(batch.column(feature.name))
        for feature in FEATURE_DETAILS
    ]
    table = np.column_stack(columns)
    if not within_bounds(table).all():
        raise NotPlain
    return table.astype(np.float32)


def _numbers(column: pa.Array) -> "NDArray[np.float64]":
    return np.asarray(pc.cast(column, pa.float64()))


def _flags(column: pa.Array) -> "NDArray[np.float64]":
    lower = pc.utf8_lower(column)
    if not pc.all(pc.is_in(lower, value_set=_KNOWN)).as_py():
        raise NotPlain
    return np.asarray(pc.is_in(lower, value_set=_TRUE), dtype=np.float64)


def _answers(classifier: OnnxClassifier, matrix: "NDArray[np.float32]", separator: str) -> list[pa.Array]:
    starts = range(0, len(matrix), ROWS_AT_ONCE)
    probabilities = np.concatenate([classifier.probabilities(matrix[i : i + ROWS_AT_ONCE]) for i in starts])
    best = probabilities.argmax(axis=1)
    inside = in_prediction_set(probabilities, classifier.manifest.thresholds)
    rounded = probabilities.astype(np.float64).round(7)
    return [
        pc.take(pa.array([species.value for species in CLASSES]), pa.array(best)),
        pa.array(rounded.max(axis=1)),
        _prediction_sets(probabilities, best, inside, separator),
        *(pa.array(column) for column in np.ascontiguousarray(rounded.T)),
    ]


def _prediction_sets(
    probabilities: "NDArray[np.float32]", best: "NDArray[np.intp]", inside: "NDArray[np.bool_]", separator: str
) -> pa.Array:
    """Return the prediction sets as text. Most have one species, and the others have few different values."""
    texts = [species.value for species in CLASSES]
    which = best.copy()
    several = np.flatnonzero(inside.sum(axis=1) > 1)
    order = np.argsort(-probabilities[several], axis=1, kind="stable")
    # Species of the set in their order, and a number beyond the last species for those outside.
    ranked = np.where(np.take_along_axis(inside[several], order, axis=1), order, len(CLASSES))
    kinds, found = np.unique(ranked, axis=0, return_inverse=True)
    which[several] = len(texts) + found.reshape(-1)
    texts += [separator.join(CLASSES[i] for i in kind if i < len(CLASSES)) for kind in kinds.tolist()]
    return pc.take(pa.array(texts), pa.array(which))
