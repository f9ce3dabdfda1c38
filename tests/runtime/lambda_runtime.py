"""Install Lambda's runtime client and the emulator of its runtime interface from their packages."""

import hashlib
import os
import platform
import shutil
import tempfile
from pathlib import Path

import pytest

from cloud.packaging.dependencies import install
from cloud.packaging.lockfile import Target, local_target, requirements_for
from cloud.resources import LOCKS, builds
from menagerie.errors import Unavailable

TOOLS = builds() / "lambda-runtime"
# If this variable is set, a tool that cannot be installed is a failure instead of a skipped test.
SKIP_NOTHING = "MENAGERIE_SKIP_NOTHING"
MACHINES = {"x86_64": "x86_64", "aarch64": "arm64"}


def fetched(lock: str, target: Target) -> Path:
    """Install a lock of requirements/ for a target and return its folder; skip the test if it cannot be downloaded."""
    requirements = requirements_for(LOCKS / f"{lock}.txt", target)
    digest = hashlib.sha256(f"{requirements}{target}".encode()).hexdigest()[:16]
    folder = TOOLS / f"{lock}-{target.python_version}-{digest}"
    if not folder.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOOLS) as temporary:
            try:
                install(requirements, target, Path(temporary, "tree"))
            except Unavailable as error:
                _leave_out(f"requirements/{lock}.txt could not be installed: {error}")
            Path(temporary, "tree").rename(folder)
    return folder


def emulator() -> Path:
    """Return the program `aws-lambda-rie` from the wheel of the SAM command line."""
    machine = MACHINES.get(platform.machine())
    if platform.system() != "Linux" or machine is None:
        _leave_out(f"there is no emulator of Lambda's runtime interface for {platform.system()} {platform.machine()}")
    program = fetched("lambda-emulator", local_target()) / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    if not os.access(program, os.X_OK):
        executable = program.with_suffix(".tmp")
        shutil.copyfile(program, executable)
        executable.chmod(0o755)
        executable.replace(program)
    return program


def _leave_out(reason: str) -> None:
    if os.environ.get(SKIP_NOTHING):
        pytest.fail(reason)
    pytest.skip(reason)
