"""The README is true: its commands, their options, its make targets and its tree exist."""

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from cloud.cli import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = README.split("## What is where")[1].split("## ")[0]
NAMED = set(re.findall(r"^    (\S+) {2,}\S", TREE, re.MULTILINE))
COMMANDS = sorted(set(re.findall(r"`?(?:^|(?<=`))(menagerie [a-z-][^`\n]*)", README, re.MULTILINE)))
TARGETS = sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)))
COMMAND_LINE = typer.main.get_command(app)


@cache
def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_readme_names_commands_and_targets() -> None:
    assert len(COMMANDS) >= 10
    assert {"up", "test", "help", "check", "setup"} <= set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_exists(target: str) -> None:
    assert target in makefile_targets()


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_and_its_options_exist(line: str) -> None:
    words = shlex.split(line)[1:]
    context = typer.Context(COMMAND_LINE)
    if words[0].startswith("-") or words[0].isupper():
        return
    assert isinstance(COMMAND_LINE, TyperGroup)
    command = COMMAND_LINE.get_command(context, words[0])
    assert command is not None, f"there is no command {words[0]}"
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options | {"--help"}


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
