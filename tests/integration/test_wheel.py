"""The wheel holds what commands read, and packages the same zips as the checkout it was built from."""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from cloud.packaging import package as packaging
from cloud.packaging.lockfile import local_target
from cloud.packaging.package import PARTS
from cloud.resources import EVENTS, LOCKS, TEMPLATE, builds
from tests.wheels import ROOT, build, clean_environment

PACKAGES = ("cloud", "data_service", "frontend", "functions", "menagerie", "training")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture
def unpacked(wheel: Path, tmp_path: Path) -> Path:
    """What the wheel holds, in a folder of its own."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run(unpacked: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line that was unpacked, in an empty folder; third-party packages are this environment's."""
    home, folder = unpacked.with_name("home"), unpacked.with_name("empty")
    home.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-P", *map(str, words)],
        cwd=folder,
        env=clean_environment(home, PYTHONPATH=unpacked),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def test_the_wheel_holds_every_file_of_the_packages_but_documents_and_dockerfiles(wheel: Path) -> None:
    wanted = {name for name in tracked(*PACKAGES) if not name.endswith(("README.md", "Dockerfile"))}
    assert wanted <= set(contents(wheel))


def test_the_wheel_holds_what_commands_read_outside_the_packages(wheel: Path) -> None:
    files = [TEMPLATE, *(LOCKS / f"{part}.txt" for part in PARTS), *EVENTS.iterdir()]
    held = contents(wheel)
    bundled = {name for name in held if name.startswith("cloud/bundled/")}
    assert bundled == {f"cloud/bundled/{path.relative_to(TEMPLATE.parent).as_posix()}" for path in files}
    assert all(
        held[f"cloud/bundled/{path.relative_to(TEMPLATE.parent).as_posix()}"] == path.read_bytes() for path in files
    )


def test_the_sdist_holds_what_it_takes_to_build_and_test_and_nothing_that_merely_lies_there(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {Path(name).relative_to(Path(name).parts[0]).as_posix() for name in archive.getnames()}
    assert {name.split("/")[0] for name in names} <= {name.split("/")[0] for name in tracked()} | {"PKG-INFO"}
    assert not tracked() - names


def test_a_wheel_from_the_sdist_holds_the_same(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert contents(build("wheel", source, tmp_path / "wheel")) == contents(wheel)


def test_a_zip_from_the_wheel_is_the_same_bytes_as_one_from_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    part = "predict"  # the larger one's turn is in tests/e2e/test_wheel.py
    package = packaging.build(part, local_target(), tmp_path / "checkout")
    cache = builds() / "cache"
    known = sorted(cache.iterdir())
    folder = Path(run(unpacked, "-c", "from cloud.resources import builds; print(builds())").stdout.strip())
    assert folder.is_relative_to(unpacked.with_name("home"))
    folder.mkdir(parents=True)
    # Installed dependencies are shared, which takes the same recipe; that they are the same bytes is tested elsewhere.
    (folder / "cache").symlink_to(cache)
    output = tmp_path / "wheel"
    done = run(unpacked, "-m", "cloud.cli", "package", part, "--python-version", "local", "--output", output)
    assert done.returncode == 0, done.stderr
    assert (output / f"{part}.zip").read_bytes() == package.path.read_bytes()
    assert json.loads((output / f"{part}.json").read_text(encoding="utf-8"))["sha256"] == package.sha256
    assert sorted(cache.iterdir()) == known


def test_what_needs_a_checkout_says_so_in_one_line(unpacked: Path) -> None:
    done = run(unpacked, "-m", "cloud.cli", "bench")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "menagerie: `menagerie bench` needs a checkout of the project; this is an installed package\n"


def test_the_version_is_that_of_the_wheel(unpacked: Path, wheel: Path) -> None:
    done = run(unpacked, "-m", "cloud.cli", "--version")
    assert done.stdout == f"menagerie {wheel.name.split('-')[1]}\n"
