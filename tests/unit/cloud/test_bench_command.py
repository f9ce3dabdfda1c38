"""`menagerie bench` prints a line before and after the output of each benchmark."""

import re
from pathlib import Path

import pytest
from rich.console import Console

from cloud.commands.bench import run
from cloud.console import Steps


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of two benchmarks, one of which fails."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "quick.py").write_text("import sys\nprint('figures', *sys.argv[1:])\n", encoding="utf-8")
    (folder / "broken.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    return tmp_path


def printed(root: Path, name: str, *arguments: str) -> tuple[int, list[str]]:
    """Return the exit status and the lines on a standard error that is a file."""
    log = root / "log"
    with log.open("w", encoding="utf-8") as file:
        status = run(root, Steps(Console(file=file), animated=False), name, *arguments)
    return status, re.sub(r"\(\d+\.\d s\)", "(… s)", log.read_text(encoding="utf-8")).splitlines()


def test_the_output_of_a_benchmark_is_between_two_lines(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert printed(root, "quick", "a", "b") == (0, ["  quick …", "✓ quick (… s)"])
    assert capfd.readouterr().out == "figures a b\n"


def test_a_failed_benchmark_is_marked_and_returns_its_status(root: Path) -> None:
    assert printed(root, "broken") == (3, ["  broken …", "✗ broken (… s)"])
