"""Commands in documents exist with their options and make targets, and the tree in the README is complete."""

import re
import shlex
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from cloud.cli import app

ROOT = Path(__file__).resolve().parents[2]
# The changelog also names commands of the past.
PAGES = sorted(
    path
    for folder in (ROOT, *ROOT.iterdir())
    if folder.is_dir() and not folder.name.startswith(".")
    for path in folder.glob("*.md")
    if path.name != "CHANGELOG.md"
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = README.split("## What is where")[1].split("## ")[0]
NAMED = set(re.findall(r"^    (\S+) {2,}\S", TREE, re.MULTILINE))
COMMAND_LINE = typer.main.get_command(app)


def commands(page: Path) -> set[str]:
    """Return the command lines of a page, in backticks or at the beginning of a line, without comments and pipes."""
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"(?:^|(?<=`))(?:\.venv/bin/)?(menagerie [a-z-][^`\n]*)", text, re.MULTILINE)
    return {re.split(r" [#|&…]", line)[0] for line in lines}


def make_targets(page: Path) -> set[str]:
    return set(re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", page.read_text(encoding="utf-8"), re.MULTILINE))


def command_and_words(line: str) -> tuple[object, list[str]]:
    """Return the command or subcommand of a line and its remaining words."""
    command: object = COMMAND_LINE
    words = shlex.split(line)[1:]
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    return command, words


def test_the_readme_names_commands_and_targets() -> None:
    assert len(commands(ROOT / "README.md")) >= 10
    assert {"up", "test", "help", "check", "setup"} <= make_targets(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist(page: Path) -> None:
    existing = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert make_targets(page) <= existing


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, id=f"{page.relative_to(ROOT)}: {line}"[:200])
        for page in PAGES
        for line in sorted(commands(page))
    ],
)
def test_a_command_and_its_options_exist(line: str) -> None:
    command, words = command_and_words(line)
    if not getattr(command, "context_settings", {}).get(
        "allow_interspersed_args", True
    ):  # `menagerie sam` passes the rest on
        words = list(takewhile(lambda word: word.startswith("-"), words))
    options = {name for parameter in getattr(command, "params", ()) for name in parameter.opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_that_a_page_runs_exist(page: Path) -> None:
    names = re.findall(r"python3? -m ([\w.]+)", page.read_text(encoding="utf-8"))
    own = {name.replace(".", "/") for name in names if (ROOT / name.split(".")[0]).is_dir()}
    assert not [
        name for name in own if not (ROOT / f"{name}.py").is_file() and not (ROOT / name / "__main__.py").is_file()
    ]


def test_the_tree_is_the_tree() -> None:
    assert len(NAMED) > 10
    assert not [name for name in NAMED if not (ROOT / name).exists()]
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout.split()
    folders = {f"{path.split('/')[0]}/" for path in tracked if "/" in path}
    assert folders <= NAMED, "a folder is missing from the README's tree"


def test_no_lock_names_an_address() -> None:
    locks = list((ROOT / "requirements").glob("*.txt"))
    assert len(locks) >= 5
    assert not [
        lock.name
        for lock in locks
        if "://" in lock.read_text(encoding="utf-8") or "--index-url" in lock.read_text(encoding="utf-8")
    ]
