"""The entry point of the command line: registers the commands, prints an error as one line with exit status 1."""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Annotated, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cloud.commands.bench import bench
from cloud.commands.data_service import data_service
from cloud.commands.deploy import deploy
from cloud.commands.down import down
from cloud.commands.invoke import invoke
from cloud.commands.logs import logs
from cloud.commands.models import models
from cloud.commands.package import package
from cloud.commands.predict import predict
from cloud.commands.retrain import retrain
from cloud.commands.sam import sam
from cloud.commands.status import status
from cloud.commands.train import train
from cloud.commands.up import up
from cloud.environment import proxies_around_loopback
from menagerie.errors import MenagerieError, NotFound

COMMANDS = (up, down, status, logs, invoke, retrain, train, predict, data_service, package, deploy, bench)

app = typer.Typer(
    name="menagerie",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(requested: bool) -> None:
    from importlib.metadata import PackageNotFoundError, version

    if requested:
        try:
            typer.echo(f"menagerie {version('menagerie')}")
        except PackageNotFoundError:
            raise NotFound("menagerie is not installed as a package, so it has no version") from None
        raise typer.Exit


@app.callback()
def menagerie(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Classify animals: local-first serverless machine learning."""


for command in COMMANDS:
    app.command(command.__name__.replace("_", "-"))(command)
# Everything after the first word belongs to sam, --help included.
app.command("sam", context_settings={"allow_interspersed_args": False})(sam)
app.add_typer(models, name="models")


def main() -> None:
    """Run the command line. An error is one line on standard error and exit status 1."""
    os.environ.update(proxies_around_loopback())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    except (MenagerieError, BotoCoreError, ClientError) as error:
        _end(str(error))
    except OSError as error:
        _discard_output()
        _end(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))


def _run() -> None:
    output = sys.stdout
    try:
        app()
    finally:
        if sys.stdout is not output:  # Typer replaces it when the reader has closed the pipe
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        if output is not None:
            output.flush()


def _discard_output() -> None:
    """Redirect standard output to the null device, so that flushing its buffer at exit does not fail again."""
    if sys.__stdout__ is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())


def _end(text: str) -> NoReturn:
    if sys.__stderr__ is not None:
        with suppress(OSError, ValueError):
            sys.__stderr__.write(f"menagerie: {' '.join(text.split())}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
