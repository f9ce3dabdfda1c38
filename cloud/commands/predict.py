"""`menagerie predict`: classify a CSV file of animals without a cloud."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from menagerie.errors import InvalidInput

if TYPE_CHECKING:
    from menagerie.animal_file import Refusal

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
    from cloud.scoring import score
    from training.model_folder import load

    def report(refusals: "list[Refusal]") -> None:
        for refusal in refusals[:NAMED_REFUSALS]:
            typer.echo(f"{file}, {refusal}", err=True)
        if len(refusals) > NAMED_REFUSALS:
            typer.echo(f"{file}, and {len(refusals) - NAMED_REFUSALS} more of the lines that follow", err=True)

    classifier = load(model)
    with _whole_or_nothing(output) as temporary:
        score(file, classifier, temporary, report, skip_invalid=skip_invalid)


@contextmanager
def _whole_or_nothing(output: Path | None) -> Iterator[Path]:
    """Provide a temporary file; without an error its content goes to `output`, or to standard output."""
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
