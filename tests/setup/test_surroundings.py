"""Set-up with different paths, environments and versions of Python."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.setup.checkout import Checkout, interpreter

LOCKED = {"coat": "1.0", "dog": "1.0", "zoo": "1.0"}

# {elsewhere} is a folder that must stay empty; {configuration} is a pip.conf with similar settings.
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "PIP_USER": {"PIP_USER": "1"},
    "PIP_TARGET": {"PIP_TARGET": "{elsewhere}"},
    "PIP_PREFIX": {"PIP_PREFIX": "{elsewhere}"},
    "PIP_REQUIRE_VIRTUALENV": {"PIP_REQUIRE_VIRTUALENV": "1"},
    "PIP_NO_DEPS": {"PIP_NO_DEPS": "1"},
    "PIP_NO_BINARY": {"PIP_NO_BINARY": ":all:"},
    "PIP_CONSTRAINT": {"PIP_CONSTRAINT": "{constraints}"},
    "PIP_DRY_RUN": {"PIP_DRY_RUN": "1"},
    "PIP_PYTHON": {"PIP_PYTHON": "{elsewhere}/python"},
    "pip.conf": {"PIP_CONFIG_FILE": "{configuration}"},
    "PYTHONPATH": {"PYTHONPATH": "{modules}"},
    "PYTHONHOME": {"PYTHONHOME": "{elsewhere}"},
    "PYTHONWARNINGS": {"PYTHONWARNINGS": "error"},
    "PYTHONUSERBASE": {"PYTHONUSERBASE": "{elsewhere}"},
    "VIRTUAL_ENV": {"VIRTUAL_ENV": "{elsewhere}"},
    "CONDA_PREFIX": {"CONDA_PREFIX": "{elsewhere}", "CONDA_DEFAULT_ENV": "base"},
    "LC_ALL=C": {"LC_ALL": "C", "LANG": "C"},
    "AWS": {"AWS_PROFILE": "of-another-time", "AWS_CONFIG_FILE": "{elsewhere}/config"},
    "proxy": {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"},
}  # fmt: skip


@pytest.fixture
def user_settings(tmp_path: Path) -> Callable[[Mapping[str, str]], dict[str, str]]:
    """Return a function that fills in paths, after creating the files that they name."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "modules").mkdir()
    for module in ("venv", "pip", "json"):
        (tmp_path / "modules" / f"{module}.py").write_text("raise SystemExit('not this one')\n", encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("coat==2.0\n", encoding="utf-8")
    (tmp_path / "pip.conf").write_text(
        f"[global]\nuser = true\nrequire-virtualenv = true\n[install]\ntarget = {tmp_path}/elsewhere\n",
        encoding="utf-8",
    )
    names = {"configuration": tmp_path / "pip.conf", "constraints": tmp_path / "constraints.txt"}

    def fill(variables: Mapping[str, str]) -> dict[str, str]:
        places = {"elsewhere": tmp_path / "elsewhere", "modules": tmp_path / "modules", **names}
        return {name: value.format(**places) for name, value in variables.items()}

    return fill


def assert_ready(checkout: Checkout, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert checkout.installed() == LOCKED
    elsewhere = checkout.root.parent / "elsewhere"
    assert not elsewhere.exists() or list(elsewhere.iterdir()) == []


def failure(done: subprocess.CompletedProcess[str]) -> str:
    """Return the single line of the error, without the lines that make adds."""
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("make", "installing", "making", "  "))]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("set-up failed: ")
    return lines[0]


def test_all_variables_of_the_user_together(
    checkout: Checkout, user_settings: Callable[[Mapping[str, str]], dict[str, str]]
) -> None:
    together = {name: value for variables in ENVIRONMENTS.values() for name, value in variables.items()}
    assert_ready(checkout, checkout.set_up(environment=checkout.environment(**user_settings(together))))


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_variable_of_the_user(
    checkout: Checkout, user_settings: Callable[[Mapping[str, str]], dict[str, str]], name: str
) -> None:
    assert_ready(checkout, checkout.set_up(environment=checkout.environment(**user_settings(ENVIRONMENTS[name]))))


@pytest.mark.slow
def test_the_package_source_of_the_configuration_is_used(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        f"[global]\nno-index = true\n[install]\nfind-links = {checkout.wheels}\n", encoding="utf-8"
    )
    variables = checkout.environment(PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    del variables["PIP_NO_INDEX"], variables["PIP_FIND_LINKS"]
    assert_ready(checkout, checkout.set_up(environment=variables))


@pytest.mark.parametrize("locale", ["C", pytest.param("C.UTF-8", marks=pytest.mark.slow)])
def test_a_folder_with_spaces_and_non_latin_letters(checkout_at: Callable[[str], Checkout], locale: str) -> None:
    checkout = checkout_at("Málaga's $HOME & zoo 动物园")
    assert_ready(checkout, checkout.set_up(environment=checkout.environment(LC_ALL=locale)))
    assert checkout.set_up().stderr == "", "a finished set-up is not recognised"


@pytest.mark.slow
def test_a_restrictive_umask(checkout: Checkout) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'umask 077; exec "$@"', "sh", *checkout.command()],
        cwd=checkout.root, env=checkout.environment(), capture_output=True, text=True, check=False,
    encoding="utf-8")  # fmt: skip
    assert_ready(checkout, done)


@pytest.mark.slow
def test_the_python_of_another_active_virtual_environment(checkout: Checkout, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "other"], check=True)
    python = str(tmp_path / "other" / "bin" / "python")
    variables = checkout.environment(VIRTUAL_ENV=str(tmp_path / "other"))
    assert_ready(checkout, checkout.set_up(python=python, environment=variables))
    assert str(tmp_path / "other") not in (checkout.venv / "pyvenv.cfg").read_text(encoding="utf-8").split("command")[0]


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.9", "3.10"])
def test_an_old_python_is_refused_with_a_hint(checkout: Checkout, version: str) -> None:
    line = failure(checkout.set_up(python=interpreter(version)))
    assert re.search(rf"CPython 3\.11 to 3\.14 is needed, and .* is cpython {re.escape(version)}; ", line)
    assert line.endswith("install one, then: make setup PYTHON=python3.14")
    assert not checkout.venv.exists()


def test_a_new_python_is_refused_with_the_reason(checkout: Checkout) -> None:
    stated = checkout.root / "pyproject.toml"
    this = sys.version_info[1]
    stated.write_text(
        stated.read_text(encoding="utf-8").replace(">=3.11,<3.15", f">=3.{this - 3},<3.{this}"), encoding="utf-8"
    )
    assert "onnxruntime has no wheel for it yet" in failure(checkout.set_up())


def test_another_python_in_path_is_suggested(checkout: Checkout) -> None:
    stated = checkout.root / "pyproject.toml"
    stated.write_text(stated.read_text(encoding="utf-8").replace(">=3.11,<3.15", ">=3.97,<3.99"), encoding="utf-8")
    for name, text in {"python3.98": "exit 127", "python3.97": "exit 0"}.items():
        (checkout.programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (checkout.programs / name).chmod(0o755)
    assert failure(checkout.set_up()).endswith("there is another: make setup PYTHON=python3.97")


def test_a_missing_python_is_reported(checkout: Checkout) -> None:
    assert "there is no python3" in failure(checkout.set_up(python="python3"))


def without_ensurepip(folder: Path) -> str:
    """Create a program that behaves like this Python on Debian without python3-venv."""
    program = folder / "python3"
    lines = ["import runpy, sys", "sys.modules['ensurepip'] = None", "sys.argv.pop(0)"]
    hide = "; ".join([*lines, "runpy.run_path(sys.argv[0], None, '__main__')"])
    program.write_text(f'#!/bin/sh\nexec \'{sys.executable}\' -I -c "{hide}" "$2" "$3"\n', encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_a_missing_venv_package_is_reported_with_its_name(checkout: Checkout, tmp_path: Path) -> None:
    line = failure(checkout.set_up(python=without_ensurepip(tmp_path)))
    assert f"sudo apt install python3.{sys.version_info[1]}-venv" in line
    assert not checkout.venv.exists()


@pytest.mark.slow
def test_an_unavailable_package_is_reported(checkout: Checkout) -> None:
    for wheel in checkout.wheels.glob("coat-1.0-*"):
        wheel.unlink()
    assert "No matching distribution found for coat==1.0" in failure(checkout.set_up())


@pytest.mark.slow
def test_a_package_with_another_hash_is_refused(checkout: Checkout) -> None:
    for wheel in checkout.wheels.glob("coat-1.0-*"):
        wheel.write_bytes(wheel.read_bytes() + b"\0")
    assert "DO NOT MATCH THE HASHES" in failure(checkout.set_up())


@pytest.mark.slow
def test_an_unreachable_index_is_reported(checkout: Checkout) -> None:
    variables = checkout.environment(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")
    del variables["PIP_NO_INDEX"], variables["PIP_FIND_LINKS"]
    assert "the package index cannot be reached" in failure(checkout.set_up(environment=variables))


@pytest.mark.slow
def test_an_invalid_configuration_of_pip_is_reported(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("no section\n", encoding="utf-8")
    line = failure(checkout.set_up(environment=checkout.environment(PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))))
    assert "pip does not run" in line
    assert os.fspath(tmp_path / "pip.conf") in line
