"""Compile a tree to reproducible bytecode, with an interpreter of the target's version."""

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

# Bytecode counts towards Lambda's size limit. Only the training job imports these packages: 10 MiB would save it 0.6 s.
# The 13 MiB of scipy and skl2onnx save 2.5 s.
NOT_COMPILED = re.compile(r"(narwhals|sklearn)/")

_PROGRAM = """
import py_compile, sys
for name in sys.stdin.read().splitlines():
    py_compile.compile(name, dfile=name, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""
_VERSION = "import platform, sys; print(sys.implementation.name, platform.python_version())"


@dataclass(frozen=True, slots=True)
class Compiler:
    """An interpreter that compiles."""

    executable: str
    version: str
    """Such as 3.13.0. The same version writes the same bytes."""


def compiler_for(target: Target) -> Compiler | None:
    """Return an interpreter of the target's version: this one, or one from the PATH or pyenv; None if there is none."""
    for executable in [sys.executable] if target == local_target() else _candidates(target.python_version):
        version = _version(executable)
        if version and version.startswith(f"{target.python_version}."):
            return Compiler(executable, version)
    return None


def compile_tree(tree: Path, compiler: Compiler) -> None:
    """Compile the modules of a tree in place. Raise Unavailable if the interpreter fails.

    Lambda's code folder is read-only, so without bytecode every cold start would compile. The bytecode is not checked
    against its source, because the times in a zip are all the same.
    """
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*.py"))
    # The output of marshal depends on the strings that the process has interned before. A new process with relative
    # names therefore compiles the whole tree.
    completed = subprocess.run(
        [compiler.executable, "-S", "-s", "-P", "-c", _PROGRAM],
        input="\n".join(name for name in names if not NOT_COMPILED.match(name)),
        cwd=tree,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if completed.returncode:
        raise Unavailable(f"{compiler.executable} could not compile: {completed.stderr.strip()[-200:]}")


def _candidates(python_version: str) -> Iterator[str]:
    name = f"python{python_version}"
    yield from filter(None, (shutil.which(name, path=folder) for folder in os.get_exec_path()))
    # pyenv's shims on the PATH run only the selected versions.
    yield from sorted(map(str, _pyenv().glob(f"versions/{python_version}.*/bin/{name}")), reverse=True)


def _pyenv() -> Path:
    try:
        return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    except RuntimeError:  # no HOME, and the user is not in the password database
        return Path(os.devnull)


def _version(executable: str) -> str | None:
    completed = subprocess.run(
        [executable, "-I", "-S", "-c", _VERSION],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    implementation, _, version = completed.stdout.strip().partition(" ")
    return version if completed.returncode == 0 and implementation == "cpython" else None
