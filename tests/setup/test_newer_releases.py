"""Newer releases do not affect the installation of a lock, by uv and by the pip of every installed Python."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

from cloud.packaging.lockfile import Target, requirements_for
from tests.setup.checkout import ROOT, Checkout, interpreter, make_checkout, provide
from tests.setup.wheels import locked, make_wheel

pytestmark = pytest.mark.slow
ENTRY = re.compile(r"^([a-z0-9-]+)==([^ ;]+)([^\\\n]*)", re.MULTILINE)


def described(name: str) -> list[str]:
    """Return the requirements and extras of a package, from the metadata of the installed release."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        return []
    return [f"{field}: {each}" for field in ("Requires-Dist", "Provides-Extra") for each in stated.get_all(field) or ()]


@pytest.fixture
def whole(tmp_path: Path) -> Checkout:
    """A checkout with the project's own lock. Its packages are empty wheels, each with a newer release beside it."""
    wheels, lock = tmp_path / "wheels", ""
    for name, version, marker in ENTRY.findall((ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")):
        lock += locked(make_wheel(wheels, name, version, described(name)), marker.rstrip())
        make_wheel(wheels, name, "9999.0", described(name))
    return make_checkout(tmp_path / "zoo", tmp_path, lock)


def wanted(checkout: Checkout, python: str) -> dict[str, str]:
    program = "import platform, sys; print('%s.%s' % sys.version_info[:2], sys.platform, platform.machine())"
    version, platform, machine = subprocess.check_output(
        [python, "-I", "-c", program], text=True, encoding="utf-8"
    ).split()
    lines = requirements_for(checkout.root / "requirements" / "dev.txt", Target(version, platform, machine))
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lines, re.MULTILINE))


# Pythons of one version may have different releases of pip; that of Debian's /usr/bin/python3 is old.
@pytest.mark.parametrize("name", ["this", "3.11", "3.12", "3.13", "3.14", "/usr/bin/python3"])
def test_pip_installs_exactly_the_locked_versions(whole: Checkout, name: str) -> None:
    python = interpreter(name)
    done = whole.set_up(python=python)
    assert done.returncode == 0, done.stderr
    assert "with pip" in done.stderr
    assert whole.installed() == {"zoo": "1.0", **wanted(whole, python)}
    check = subprocess.run(
        [whole.python, "-m", "pip", "check"], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert check.returncode == 0, check.stdout


def test_uv_installs_exactly_the_locked_versions(whole: Checkout) -> None:
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    provide(whole, "uv")
    done = whole.set_up()
    assert done.returncode == 0, done.stderr
    assert "with uv" in done.stderr
    assert "with pip" not in done.stderr
    assert whole.installed() == {"zoo": "1.0", **wanted(whole, sys.executable)}
