"""Locks are installed without resolving dependencies, so each must be complete for every version of Python."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from itertools import product

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cloud.packaging.lockfile import Target, requirements_for
from tests.setup.checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# The groups from which requirements/compile.sh compiles each lock. lambda-emulator.txt is needed for one file only.
GROUPS = {
    "dev": ["dev", "predict", "train", "dashboard", "data-service", "deploy"],
    **{name: [name] for name in ("predict", "train", "dashboard", "data-service", "deploy", "moto-server")},
    "lambda-runtime": ["lambda-runtime"],
}
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
MACHINES = {"linux": "x86_64", "darwin": "arm64"}


def stated(group: str) -> list[Requirement]:
    """Return the requirements of a group in pyproject.toml."""
    found: list[Requirement] = []
    for entry in PROJECT["dependency-groups"][group]:
        found += stated(entry["include-group"]) if isinstance(entry, dict) else [Requirement(entry)]
    return found


def held(lock: str, target: Target) -> dict[str, str]:
    lines = requirements_for(ROOT / "requirements" / f"{lock}.txt", target)
    return dict(re.findall(r"^(\S+)==(\S+)", lines, re.MULTILINE))


def lacking(wanted: list[Requirement], versions: dict[str, str], target: Target) -> set[str]:
    """Return the direct and indirect requirements that the versions do not fulfil.

    The requirements of a package are those of the installed release. Packages that are not installed are skipped.
    """
    environment, seen, missing = target.marker_environment, set(), set()
    waiting = [(each, {""}) for each in wanted]
    while waiting:
        requirement, extras_of_parent = waiting.pop()
        marker, name = requirement.marker, canonicalize_name(requirement.name)
        if marker and not any(marker.evaluate({**environment, "extra": extra}) for extra in extras_of_parent):
            continue
        if name not in versions or not requirement.specifier.contains(versions[name], prereleases=True):
            missing.add(str(requirement))
            continue
        extras = {"", *requirement.extras}
        if (name, frozenset(extras)) in seen:
            continue
        seen.add((name, frozenset(extras)))
        try:
            waiting += [(Requirement(line), extras) for line in requires(name) or ()]
        except PackageNotFoundError:
            continue
    return missing


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", GROUPS)
def test_a_lock_has_all_dependencies_of_its_packages(lock: str, python: str) -> None:
    wanted = [requirement for group in GROUPS[lock] for requirement in stated(group)]
    if lock == "dev":
        wanted += map(Requirement, PROJECT["project"]["dependencies"])
    for platform, machine in MACHINES.items():
        target = Target(python, platform, machine)
        assert lacking(wanted, held(lock, target), target) == set()


def test_a_missing_package_is_found() -> None:
    target = Target("3.13", "linux", "x86_64")
    versions = held("predict", target)
    assert lacking(stated("predict"), versions, target) == set()
    assert {
        Requirement(each).name for each in lacking(stated("predict"), {**versions, "starlette": "0.1"}, target)
    } == {"starlette"}
    without = {name: version for name, version in versions.items() if name != "typing-inspection"}
    assert {Requirement(each).name for each in lacking(stated("predict"), without, target)} == {"typing-inspection"}


@pytest.mark.parametrize(("python", "platform"), list(product(PYTHONS, MACHINES)))
def test_all_locks_have_the_same_versions(python: str, platform: str) -> None:
    target = Target(python, platform, MACHINES[platform])
    whole = held("dev", target)
    for lock in GROUPS:
        common = {name: version for name, version in held(lock, target).items() if name in whole}
        assert common == {name: whole[name] for name in common}, lock
