"""`menagerie predict`: classify a CSV file of animals without a cloud."""

import csv
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from menagerie.animal import CLASSES
from menagerie.errors import InvalidInput

if TYPE_CHECKING:
    from menagerie.animal_file import Chunk
    from menagerie.classifier import OnnxClassifier

ANSWER_COLUMNS = ("species", "confidence", "prediction_set", *(f"probability_{species}" for species in CLASSES))
SET_SEPARATOR = "|"
NAMED_REFUSALS = 20


def predict(
    file: Annotated[Path, typer.Argument(help="CSV file with a header; other columns are kept.", dir_okay=False)],
    model: Annotated[Path, typer.Option(help="Output folder of `menagerie train`.", file_okay=False)],
    output: Annotated[Path | None, typer.Option(help="Output file; standard output if omitted.")] = None,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Omit invalid lines.")] = False,
) -> None:
    """Classify the animals of a CSV file.

    The output has its columns, then species, confidence, prediction set and probabilities. Invalid lines are listed
    on standard error, and without --skip-invalid nothing is written.
    """
    from cloud.columnar_scoring import NotPlain, score
    from training.model_folder import load

    classifier = load(model)
    with _whole_or_nothing(output) as temporary:
        try:
            score(file, classifier, temporary, ANSWER_COLUMNS, SET_SEPARATOR)
        except NotPlain:
            with temporary.open("w", encoding="utf-8", newline="") as text:
                _line_by_line(file, classifier, text, skip_invalid=skip_invalid)


def _line_by_line(file: Path, classifier: "OnnxClassifier", text: TextIO, *, skip_invalid: bool) -> None:
    from menagerie.animal_file import read_path

    valid = refused = 0
    writer = None
    for chunk in read_path(file):
        if writer is None:
            writer = csv.writer(text, delimiter=chunk.separator, lineterminator="\n")
            writer.writerow(_header(file, chunk.header))
        _report_refusals(file, chunk)
        valid += len(chunk.table)
        refused += len(chunk.refusals)
        if not refused or skip_invalid:
            writer.writerows(_answers(classifier, chunk))
    if refused and not skip_invalid:
        raise InvalidInput(f"{file}: {refused} invalid lines, nothing written; --skip-invalid omits them")
    if not valid:
        raise InvalidInput(f"{file} has no valid animal, nothing written")


def _header(file: Path, header: list[str]) -> list[str]:
    taken = [name for name in ANSWER_COLUMNS if name in header]
    if taken:
        raise InvalidInput(f"{file} already has a column {', '.join(taken)}; rename it, because the output adds one")
    return [*header, *ANSWER_COLUMNS]


def _report_refusals(file: Path, chunk: "Chunk") -> None:
    for refusal in chunk.refusals[:NAMED_REFUSALS]:
        typer.echo(f"{file}, {refusal}", err=True)
    unnamed = len(chunk.refusals) - NAMED_REFUSALS
    if unnamed > 0:
        typer.echo(f"{file}, and {unnamed} more of the lines that follow", err=True)


def _answers(classifier: "OnnxClassifier", chunk: "Chunk") -> Iterator[list[object]]:
    if not len(chunk.table):
        return
    texts = (text for text, valid in zip(chunk.texts, chunk.is_valid.tolist(), strict=True) if valid)
    answers = classifier.classify(chunk.table.astype("float32"))
    rounded = answers.probabilities.astype(float).round(7)
    confidences = rounded.max(axis=1).tolist()
    for text, species, confidence, names, probabilities in zip(
        texts, answers.species, confidences, answers.prediction_sets, rounded.tolist(), strict=True
    ):
        yield [*text, species, confidence, SET_SEPARATOR.join(names), *probabilities]


@contextmanager
def _whole_or_nothing(output: Path | None) -> Iterator[Path]:
    """Give a temporary file; without an error its content goes to `output`, or to standard output."""
    from training.output_file import whole_file

    if output is not None:
        with whole_file(output) as temporary:
            yield temporary
        return
    if sys.stdout is None:
        raise InvalidInput("standard output is closed; give --output")
    with tempfile.TemporaryDirectory(prefix="menagerie-") as folder:
        temporary = Path(folder, "answers.csv")
        yield temporary
        # The same bytes as in a file, whatever the terminal's encoding.
        with temporary.open("rb") as content:
            shutil.copyfileobj(content, sys.stdout.buffer)
            sys.stdout.buffer.flush()
