"""Reading a universal lock file for one target: which pinned requirements a Python version on a platform gets."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
        """The environment that PEP 508 markers are evaluated in."""
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


Report = Callable[[str], None]
"""Told in a few words what is being done."""

LAMBDA = Target(python_version="3.13", sys_platform="linux", machine="x86_64")


def local_target() -> Target:
    """The interpreter and platform that this process runs on."""
    return Target(f"{sys.version_info.major}.{sys.version_info.minor}", sys.platform, os.uname().machine)


def requirements_for(lock: Path, target: Target) -> str:
    """Return the lines of a hashed lock that apply to the target, with hashes and without markers.

    pip evaluates markers for the interpreter that runs it even when told to install for another one, so they are
    decided here.
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
