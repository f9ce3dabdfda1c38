"""A lock is installed as it is, whatever has been released since, by the pip of every Python here and by uv."""

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
    """Return a package's requirements and extras, as the release that is installed here states them."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        return []
    return [f"{field}: {each}" for field in ("Requires-Dist", "Provides-Extra") for each in stated.get_all(field) or ()]


@pytest.fixture
def whole(tmp_path: Path) -> Checkout:
    """A checkout with the project's own lock, of empty wheels, beside newer ones of the same names."""
    wheels, lock = tmp_path / "wheels", ""
    for name, version, marker in ENTRY.findall((ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")):
        lock += locked(make_wheel(wheels, name, version, described(name)), marker.rstrip())
        make_wheel(wheels, name, "9999.0", described(name))
    return make_checkout(tmp_path / "zoo", tmp_path, lock)


def wanted(checkout: Checkout, python: str) -> dict[str, str]:
    asked = "import platform, sys; print('%s.%s' % sys.version_info[:2], sys.platform, platform.machine())"
    version, platform, machine = subprocess.check_output(
        [python, "-I", "-c", asked], text=True, encoding="utf-8"
    ).split()
    lines = requirements_for(checkout.root / "requirements" / "dev.txt", Target(version, platform, machine))
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lines, re.MULTILINE))


# Those of the same version as "this" may bring another pip; /usr/bin/python3 is Debian's, whose pip is older still.
@pytest.mark.parametrize("name", ["this", "3.11", "3.12", "3.13", "3.14", "/usr/bin/python3"])
def test_pip_takes_what_is_locked_and_nothing_is_missing(whole: Checkout, name: str) -> None:
    python = interpreter(name)
    done = whole.set_up(python=python)
    assert done.returncode == 0, done.stderr
    assert "with pip" in done.stderr
    assert whole.installed() == {"zoo": "1.0", **wanted(whole, python)}
    check = subprocess.run(
        [whole.python, "-m", "pip", "check"], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert check.returncode == 0, check.stdout


def test_uv_takes_what_is_locked(whole: Checkout) -> None:
    if shutil.which("uv") is None:
        pytest.skip("no uv was found")
    provide(whole, "uv")
    done = whole.set_up()
    assert done.returncode == 0, done.stderr
    assert "with uv" in done.stderr
    assert "with pip" not in done.stderr
    assert whole.installed() == {"zoo": "1.0", **wanted(whole, sys.executable)}
