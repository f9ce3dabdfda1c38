"""A small checkout with the project's Makefile and installer. Its set-up takes seconds and needs no network."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.setup.wheels import make_wheel

ROOT = Path(__file__).resolve().parents[2]
MAKE = shutil.which("make") or "make"
BACKEND = """
import shutil
def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""
PROJECT = """
[project]
name = "zoo"
version = "1.0"
requires-python = ">=3.11,<3.15"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
_INSTALLED = """
import importlib.metadata, json
print(json.dumps({each.name: each.version for each in importlib.metadata.distributions() if each.name != "setuptools"}))
"""


@dataclass(frozen=True)
class Checkout:
    """A checkout of a small project, the folder of its packages, and the folder of programs in PATH."""

    root: Path
    wheels: Path
    programs: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def environment(self, **more: str) -> dict[str, str]:
        """Return a user's environment in which pip and uv find packages in the folder of wheels only."""
        home = self.programs.parent / "home"
        home.mkdir(exist_ok=True)
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        uv = {"UV_OFFLINE": "1", "UV_FIND_LINKS": str(self.wheels)}
        return {"PATH": str(self.programs), "HOME": str(home), **pip, **uv, **self._coverage(), **more}

    def _coverage(self) -> dict[str, str]:
        """Return variables for coverage to measure the copied installer, if coverage measures this run."""
        if "COVERAGE_PROCESS_CONFIG" not in os.environ:
            return {}
        settings = self.programs.parent / "coveragerc"
        lines = ["[run]", "branch = true", "parallel = true", "sigterm = true"]
        lines += [f"source = {self.root / 'cloud'}", f"data_file = {ROOT / '.coverage'}"]
        settings.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return {"COVERAGE_PROCESS_START": str(settings)}

    def command(self, *words: str, python: str = sys.executable) -> list[str]:
        return [MAKE, "--no-print-directory", "setup", f"PYTHON={python}", *words]

    def set_up(
        self, *words: str, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words, python=python),
            cwd=self.root,
            env=self.environment() if environment is None else environment,
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
        )

    def installed(self) -> dict[str, str]:
        """Return the packages in the virtual environment with their versions, without pip and setuptools."""
        listed = subprocess.run(
            [self.python, "-I", "-c", _INSTALLED], capture_output=True, text=True, check=True, encoding="utf-8"
        )
        found: dict[str, str] = json.loads(listed.stdout)
        return {name: version for name, version in found.items() if name != "pip"}


def make_checkout(root: Path, around: Path, lock: str) -> Checkout:
    """Create a checkout with this lock. The caller puts its packages into `wheels`."""
    (root / "requirements").mkdir(parents=True)
    (root / "cloud").mkdir()
    shutil.copy(ROOT / "Makefile", root)
    shutil.copy(ROOT / "cloud" / "installer.py", root / "cloud")
    editable = make_wheel(around / "editable", "zoo", "1.0", files={"zoo.pth": f"{root}\n"})
    (root / "backend.py").write_text(BACKEND.format(wheel=str(editable)), encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "requirements" / "dev.txt").write_text(lock, encoding="utf-8")
    (around / "programs").mkdir()
    return Checkout(root, around / "wheels", around / "programs")


def provide(checkout: Checkout, program: str) -> None:
    """Add a program of this machine to the checkout's PATH."""
    found = shutil.which(program)
    assert found, program
    (checkout.programs / program).symlink_to(found)


def interpreter(name: str) -> str:
    """Return the newest installed CPython of a version; skip the test if there is none."""
    if name == "this":
        return sys.executable
    if name.startswith("/"):
        found = [name]
    else:
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
        found = [
            str(shutil.which(f"python{name}")),
            *sorted(map(str, pyenv.glob(f"{name}.*/bin/python")), reverse=True),
        ]
    for python in found:
        # pyenv's shims run only the selected versions, so ask the program for its real path.
        if Path(python).exists():
            program = [python, "-c", "import sys; print(sys.executable)"]
            done = subprocess.run(program, capture_output=True, text=True, check=False, encoding="utf-8")
            if done.returncode == 0:
                return done.stdout.strip()
    pytest.skip(f"Python {name} is not installed")
