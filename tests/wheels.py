"""Build the project's distributions, and provide an environment to run them outside the checkout."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(kind: str, source: Path, output: Path) -> Path:
    """Build the "wheel" or the "sdist" of a source tree with the locked backend, and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(output)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, text=True, encoding="utf-8")
    (built,) = output.iterdir()
    return built


def clean_environment(home: Path, **variables: str | Path) -> Mapping[str, str]:
    """Return an environment with an empty home folder and no settings of the user."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", **{name: str(value) for name, value in variables.items()}}
