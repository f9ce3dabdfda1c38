"""Bytecode: the search for an interpreter, and reproducible compilation."""

import pwd
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from cloud.packaging.bytecode import Compiler, compile_tree, compiler_for
from cloud.packaging.lockfile import Target, local_target
from menagerie.errors import Unavailable

SOURCES = {
    "animals/__init__.py": "KNOWN = frozenset({'kangaroo', 'elephant', 'chicken', 'dog'})\n",
    "animals/legs.py": "def legs(name):\n    return 2 if name in {'kangaroo', 'chicken'} else 4\n",
    "broken.py": "def\n",
    "sklearn/base.py": "x = 1\n",
}


def tree(root: Path) -> Path:
    for name, text in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def compiled(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.pyc")}


@pytest.fixture
def compiler() -> Compiler:
    found = compiler_for(local_target())
    assert found is not None
    return found


def test_this_interpreter_compiles_for_itself(compiler: Compiler) -> None:
    assert compiler.executable == sys.executable
    assert compiler.version.split(".")[:2] == [str(each) for each in sys.version_info[:2]]


def test_a_version_that_is_not_installed_has_no_compiler() -> None:
    assert compiler_for(Target("3.99", "linux", "x86_64")) is None


def test_a_program_on_the_path_that_fails_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As pyenv's shims of versions that are not selected.
    shim = tmp_path / "python3.98"
    shim.write_text("#!/bin/sh\necho 'cpython 3.98.0'\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compiler_for(Target("3.98", "linux", "x86_64")) is None
    shim.write_text("#!/bin/sh\necho 'cpython 3.98.0'\n", encoding="utf-8")
    assert compiler_for(Target("3.98", "linux", "x86_64")) == Compiler(str(shim), "3.98.0")


def test_bytecode_depends_neither_on_the_folder_nor_on_the_environment(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tree(tmp_path / "here"), tree(tmp_path / "a" / "longer" / "way" / "there")
    compile_tree(first, compiler)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "elsewhere"))
    compile_tree(second, compiler)
    assert compiled(first) == compiled(second)
    # What the interpreter cannot parse is left alone, as is what is not worth its size.
    cache = f"cpython-{sys.version_info.major}{sys.version_info.minor}.pyc"
    assert set(compiled(first)) == {f"animals/__pycache__/__init__.{cache}", f"animals/__pycache__/legs.{cache}"}


def test_an_interpreter_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="could not compile"):
        compile_tree(tree(tmp_path), Compiler("/bin/false", "3.13.0"))


def test_a_user_without_a_home_folder_has_no_pyenv(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: int) -> NoReturn:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert compiler_for(Target("2.6", "linux", "x86_64")) is None
