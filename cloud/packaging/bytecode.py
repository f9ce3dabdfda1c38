"""Compile a tree to bytecode with an interpreter of the version that it is for, the same bytes each time."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloud.packaging.lockfile import Target, local_target
from menagerie.errors import Unavailable

# Bytecode counts for Lambda's limit. Only the training job imports these, and 10 MiB would bring it 0.6 s (scipy's and
# skl2onnx's 13 MiB bring 2.5 s).
NOT_COMPILED = re.compile(r"(narwhals|sklearn)/")

_PROGRAM = """
import py_compile, sys
for name in sys.stdin.read().splitlines():
    py_compile.compile(name, dfile=name, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""
_VERSION = "import platform, sys; print(sys.implementation.name, platform.python_version())"


@dataclass(frozen=True, slots=True)
class Compiler:
    """An interpreter that was found."""

    executable: str
    version: str
    """Such as 3.13.0; the same version writes the same bytes."""


def compiler_for(target: Target) -> Compiler | None:
    """Return an interpreter of the target's version: this one, or one on the PATH or under pyenv; None if none runs."""
    for executable in [sys.executable] if target == local_target() else _candidates(target.python_version):
        version = _version(executable)
        if version and version.startswith(f"{target.python_version}."):
            return Compiler(executable, version)
    return None


def compile_tree(tree: Path, compiler: Compiler) -> None:
    """Compile a tree's modules in place; raise Unavailable if the interpreter fails.

    Lambda's code folder cannot be written to, so without this every cold start would compile anew. The bytecode is
    not checked against its source, since a zip keeps no times worth comparing.
    """
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*.py"))
    # What marshal writes depends on which strings a process has seen before and in which order, so a fresh one
    # compiles the whole tree, with names that say nothing of where it lies.
    done = subprocess.run(
        [compiler.executable, "-S", "-s", "-P", "-c", _PROGRAM],
        input="\n".join(name for name in names if not NOT_COMPILED.match(name)),
        cwd=tree,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode:
        raise Unavailable(f"{compiler.executable} could not compile: {done.stderr.strip()[-200:]}")


def _candidates(python_version: str) -> Iterator[str]:
    name = f"python{python_version}"
    yield from filter(None, (shutil.which(name, path=folder) for folder in os.get_exec_path()))
    # pyenv's shims on the PATH run only the versions that are selected.
    yield from sorted(map(str, _pyenv().glob(f"versions/{python_version}.*/bin/{name}")), reverse=True)


def _pyenv() -> Path:
    try:
        return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    except RuntimeError:  # neither HOME nor an entry of this user in the system's list
        return Path(os.devnull)


def _version(executable: str) -> str | None:
    asked = subprocess.run(
        [executable, "-I", "-S", "-c", _VERSION],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    implementation, _, version = asked.stdout.strip().partition(" ")
    return version if asked.returncode == 0 and implementation == "cpython" else None
