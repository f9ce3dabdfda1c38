"""Every error of the system is one line on standard error, with exit status 1."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cloud.commands.options import finite
from cloud.console import OutputConsole
from menagerie.errors import InvalidInput
from tests.model.worlds import as_received, official
from tests.samples import NOON
from tests.waiting import LIMIT_SECONDS
from training.model_folder import write
from training.pipeline import train
from training.rows import Origin

ANIMALS = "name,walks_on_n_legs,height,weight,has_wings,has_tail\nDumbo 象,4,3.0,4500,False,True\n"
AS_IT_IS = '"$@"'
# Standard output is a pipe that nobody reads any more.
CLOSED_PIPE = '''"$1" -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
sys.exit(subprocess.run(sys.argv[1:], stdout=writer).returncode)' "$@"'''
ROOT = Path(__file__).resolve().parents[3]


def menagerie(
    *words: str | Path | int, environment: Mapping[str, str] | None = None, shell: str = AS_IT_IS
) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "cloud.cli", *map(str, words)]
    return subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=LIMIT_SECONDS,
    )


def is_one_line(done: subprocess.CompletedProcess[str], *texts: str) -> None:
    assert done.returncode == 1, done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("menagerie: ")
    for text in texts:
        assert text in done.stderr


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    trained = train(as_received(official(1000, 42)[0]), source=Origin("dataset"), created_at=NOON)
    write(folder, trained.onnx, trained.manifest)
    return folder


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    path = tmp_path / "animals.csv"
    path.write_text(ANIMALS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "shell", "texts"),
    [
        (["--output", "."], AS_IT_IS, "cannot write .: Is a directory"),
        (["--output", "/dev/full"], AS_IT_IS, "cannot write /dev/full: No space left on device"),
        (["--output", "/nowhere/file"], AS_IT_IS, "cannot write /nowhere/file: No such file or directory"),
        ([], '"$@" > /dev/full', "No space left on device"),
        ([], '"$@" >&-', "standard output is closed"),
        ([], CLOSED_PIPE, "Broken pipe"),
    ],
    ids=["directory", "full device", "nowhere", "full output", "closed output", "closed pipe"],
)
def test_an_output_that_cannot_be_written(model: Path, animals: Path, words: list[str], shell: str, texts: str) -> None:
    is_one_line(menagerie("predict", animals, "--model", model, *words, shell=shell), texts)


@pytest.mark.parametrize("command", ["train --dataset FILE --output FILE", "package --output FILE"])
def test_a_file_where_a_folder_is_needed(animals: Path, command: str) -> None:
    is_one_line(menagerie(*command.replace("FILE", str(animals)).split()), "is a file, not a folder")


@pytest.mark.parametrize("shell", ['"$@" > /dev/full', CLOSED_PIPE], ids=["full output", "closed pipe"])
def test_a_closed_output_is_an_error_of_every_command(shell: str) -> None:
    is_one_line(menagerie("bench", "--list", shell=shell))


def test_a_table_written_to_a_closed_pipe_is_an_error() -> None:
    class Unread(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        OutputConsole(file=Unread()).print("part")


def test_a_folder_that_cannot_be_created() -> None:
    is_one_line(menagerie("up", "--state-dir", "/dev/null/x"), "/dev/null/x")


def test_the_same_port_twice_is_found_before_anything_starts(tmp_path: Path) -> None:
    done = menagerie("up", "--state-dir", tmp_path / "state", "--port", 4711, "--dashboard-port", 4711)
    is_one_line(done, "port 4711 cannot be both --port and --dashboard-port")


@pytest.mark.parametrize("command", ["logs predict --since inf", "down --timeout nan"])
def test_a_number_that_is_not_a_duration(tmp_path: Path, command: str) -> None:
    option = command.split()[-2]
    is_one_line(menagerie(*command.split(), "--state-dir", tmp_path), f"{option} takes a number from 0 to")


@pytest.mark.parametrize(
    ("number", "taken"),
    [("0", True), ("0.5", True), ("inf", False), ("-inf", False), ("nan", False), ("-1", False), ("1e300", False)],
)
def test_an_option_for_a_duration_accepts_only_finite_numbers(number: str, taken: bool) -> None:
    def wait(minutes: Annotated[float, typer.Option(callback=finite)]) -> None:
        typer.echo(minutes)

    app = typer.Typer()
    app.command()(wait)
    result = CliRunner().invoke(app, ["--minutes", number])
    assert isinstance(result.exception, InvalidInput) is not taken
    assert bool(result.stdout) is taken


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "euc_jp:strict"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=["C", "eucJP", "ASCII"],
)
def test_the_output_has_the_same_bytes_in_any_locale(
    model: Path, animals: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    words = ("predict", animals, "--model", model)
    output = tmp_path / "answers.csv"
    assert menagerie(*words, "--output", output, environment=environment).returncode == 0
    done = menagerie(*words, environment=environment)
    assert done.stdout == output.read_text(encoding="utf-8")
    assert done.stdout.splitlines()[1].startswith("Dumbo 象")


def test_what_a_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii:strict"}
    is_one_line(menagerie("status", "--state-dir", tmp_path / "象", environment=ascii_only), r"\u8c61")
    assert menagerie("--help", environment=ascii_only).returncode == 0
