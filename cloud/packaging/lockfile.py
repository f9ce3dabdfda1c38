"""Read from a universal lock file the pinned requirements of one target: a Python version on a platform."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Target:
    """The interpreter and platform that a package is built for."""

    python_version: str
    """Such as 3.13."""
    sys_platform: str
    machine: str

    @property
    def marker_environment(self) -> dict[str, str]:
        """The environment for the evaluation of PEP 508 markers."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": {"linux": "Linux", "darwin": "Darwin"}.get(self.sys_platform, self.sys_platform),
            "python_full_version": f"{self.python_version}.0",
            "python_version": self.python_version,
            "sys_platform": self.sys_platform,
            "extra": "",
        }


LAMBDA = Target(python_version="3.13", sys_platform="linux", machine="x86_64")


def local_target() -> Target:
    """Return the interpreter and platform of this process."""
    return Target(f"{sys.version_info.major}.{sys.version_info.minor}", sys.platform, os.uname().machine)


def target_named(python_version: str) -> Target:
    """Return Lambda's platform with a Python version such as 3.13, or for `local` the target of this process."""
    return local_target() if python_version == "local" else replace(LAMBDA, python_version=python_version)


def requirements_for(lock: Path, target: Target) -> str:
    """Return the lines of a hashed lock file that apply to the target, with hashes and without markers.

    pip evaluates markers for the interpreter that runs it, even if it installs for another one, so this function
    evaluates them.
    """
    return "".join(
        f"{requirement.name}=={_pin(requirement)} {' '.join(hashes)}\n"
        for requirement, hashes in _entries(lock)
        if requirement.marker is None or requirement.marker.evaluate(target.marker_environment)
    )


def _entries(lock: Path) -> Iterator[tuple[Requirement, list[str]]]:
    for entry in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        words = entry.split(" --hash=")
        if entry.strip() and not entry.lstrip().startswith("#"):
            yield Requirement(words[0].strip()), [f"--hash={word.strip()}" for word in words[1:]]


def _pin(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    return specifier.version
