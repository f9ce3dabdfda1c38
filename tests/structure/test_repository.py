"""The files that hosting, editors and Git read agree with the Makefile, the package and the command line."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from cloud.cli import app

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SUBJECTS = ROOT / ".ci" / "commit_subjects.py"
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in document(workflow)["jobs"].values() for step in job["steps"]]


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def matrix_versions(workflow: Path) -> set[str]:
    matrices = (job.get("strategy", {}).get("matrix", {}) for job in document(workflow)["jobs"].values())
    return {version for matrix in matrices for version in matrix.get("python", ())}


def test_there_are_workflows_for_pull_requests_and_for_the_night() -> None:
    assert {path.stem for path in WORKFLOWS} == {"pull-request", "nightly"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_targets_and_scripts_that_exist(workflow: Path) -> None:
    commands = [shlex.split(line) for step in steps(workflow) for line in step.get("run", "").splitlines()]
    assert commands
    for program, argument, *_ in [[*command, ""] for command in commands]:
        match program:
            case "make":
                assert argument in makefile_targets()
            case "python":
                assert (ROOT / argument).is_file()
            case _:
                assert (ROOT / program).is_file()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_its_actions_are_pinned(workflow: Path) -> None:
    assert document(workflow)["permissions"] == {"contents": "read"}
    assert not [name for name, job in document(workflow)["jobs"].items() if "permissions" in job]
    actions = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert actions
    assert not [action for action in actions if not PINNED.fullmatch(action)]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_tests_every_supported_version_of_python(workflow: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    supported = {line.removeprefix(prefix) for line in project["classifiers"] if line.startswith(prefix)}
    assert matrix_versions(workflow) == supported


def test_hooks_run_programs_of_the_projects_environment() -> None:
    [repository] = document(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    environment = Path(sys.executable).parent
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program, *arguments = shlex.split(hook["entry"])
        assert program.startswith(".venv/bin/")
        assert (environment / Path(program).name).exists()
        assert not [word for word in arguments if word.endswith(".py") and not (ROOT / word).is_file()]


def test_the_devcontainer_sets_up_and_forwards_the_default_ports_of_up() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    make, target = container["postCreateCommand"].split()
    assert (make, target in makefile_targets()) == ("make", True)
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).is_file()
    command_line = typer.main.get_command(app)
    assert isinstance(command_line, TyperGroup)
    up = command_line.commands["up"]
    ports = {parameter.default for parameter in up.params if parameter.name and parameter.name.endswith("port")}
    assert set(container["forwardPorts"]) == ports


def check_message(folder: Path, message: str) -> subprocess.CompletedProcess[str]:
    file = folder / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-I", SUBJECTS, file]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


@pytest.mark.parametrize(
    "message",
    [
        "Disable garbage collection during Lambda init\n\nCold start 590 -> 535 ms, handler and imports.\n",
        "Expand the glossary\n# On branch main and so on\n",
        'Revert "Add a route and a page"\n',
        "Merge branch 'main' and others\n",
    ],
)
def test_a_good_commit_message_passes(tmp_path: Path, message: str) -> None:
    done = check_message(tmp_path, message)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("Add a route and a page\n", 'contains "and"'),
        (f"Add {'x' * 69}\n", "73 characters, 72 at most"),
        ("add a route\n", "capital letter"),
        ("Add a route.\n", "full stop"),
        ("Add a route\nto the API\n", "line after the subject"),
        ("# only a comment\n", "subject is empty"),
    ],
    ids=["and", "long", "small", "stop", "body", "empty"],
)
def test_a_bad_commit_message_is_refused_with_the_reason(tmp_path: Path, message: str, fault: str) -> None:
    done = check_message(tmp_path, message)
    assert done.returncode == 1
    assert fault in done.stderr


def test_the_messages_of_a_range_of_commits_are_checked(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *words], cwd=tmp_path, check=True)

    git("init", "--quiet")
    for subject in ("first and foremost", "Add a page", "Add a route."):
        git("commit", "--quiet", "--allow-empty", "--message", subject)
    command: list[str | Path] = [sys.executable, "-I", SUBJECTS, "HEAD~2..HEAD"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr == "'Add a route.': the subject ends with a full stop\n"


def test_the_changelog_has_the_current_version_below_the_unreleased_changes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    version, _, date = headings[1].partition(" - ")
    assert version == project["version"]
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", date)
