"""Output to a file or a pipe is plain text: no colors, no cursor movements, no spinner."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.cli import COMMANDS
from data_service.generator import rows

CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")
FORCING = ("CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
HELP_OF_ALL = f"""
import sys
from contextlib import suppress
from cloud.cli import app
for words in {[[], *([c.__name__.replace("_", "-")] for c in COMMANDS), ["sam"], ["models"], ["models", "list"]]}:
    with suppress(SystemExit):
        app([*words, "--help"])
"""


@pytest.fixture
def environment() -> dict[str, str]:
    """One of a good terminal, in which nothing asks for color by force."""
    return {**{name: value for name, value in os.environ.items() if name not in FORCING}, "TERM": "xterm-256color"}


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, check=False)


def test_help_of_every_command_is_plain_text(environment: dict[str, str]) -> None:
    done = run(environment, "-c", HELP_OF_ALL)
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"{command.__name__.replace('_', '-')} [OPTIONS]".encode() in done.stdout
    assert not CONTROL.search(done.stdout + done.stderr)


def test_a_training_and_its_summary_are_plain_text(environment: dict[str, str], tmp_path: Path) -> None:
    animals = "".join(",".join(map(str, row)) + "\n" for row in rows(42, 400))
    (tmp_path / "zoo.csv").write_text("walks_on_n_legs,height,weight,has_wings,has_tail\n" + animals, encoding="utf-8")
    command = ("-m", "cloud.cli", "train", "--dataset", str(tmp_path / "zoo.csv"), "--output", str(tmp_path / "model"))
    done = run(environment, *command)
    assert done.returncode == 0, done.stderr
    assert "✓ fitting" in done.stderr.decode()
    assert b"accuracy" in done.stdout
    assert not CONTROL.search(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "words",
    [("invoke", "predict", "no-such.json"), ("status", "--state-dir", "none"), ("no-such-command",), ("bench", "none")],
    ids=" ".join,
)
def test_an_error_is_plain_text(environment: dict[str, str], words: tuple[str, ...]) -> None:
    done = run(environment, "-m", "cloud.cli", *words)
    assert done.returncode != 0
    assert done.stderr
    assert not CONTROL.search(done.stdout + done.stderr)
