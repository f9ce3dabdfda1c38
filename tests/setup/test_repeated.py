"""Repeated set-up: after success, interruption, a kill, a changed lock, or moving and copying the checkout."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.setup.checkout import Checkout
from tests.setup.test_surroundings import LOCKED, assert_ready, failure
from tests.setup.wheels import locked, make_wheel
from tests.waiting import LIMIT_SECONDS


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    assert_ready(checkout, checkout.set_up())
    return checkout


class SilentIndex:
    """A package index that accepts connections and never responds."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(LIMIT_SECONDS)
        self._connections: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/simple"

    def wait_for_a_connection(self) -> None:
        self._connections.append(self._listening.accept()[0])

    def close(self) -> None:
        for each in (*self._connections, self._listening):
            each.close()


@pytest.fixture
def index() -> Iterator[SilentIndex]:
    silent = SilentIndex()
    yield silent
    silent.close()


def start_set_up(checkout: Checkout, index: SilentIndex) -> subprocess.Popen[str]:
    """Start a set-up, and return when it waits for the package index."""
    variables = checkout.environment(PIP_INDEX_URL=index.url, PIP_TIMEOUT="600")
    del variables["PIP_NO_INDEX"], variables["PIP_FIND_LINKS"]
    process = subprocess.Popen(
        checkout.command(),
        cwd=checkout.root,
        env=variables,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        encoding="utf-8",
    )
    index.wait_for_a_connection()
    return process


def test_a_complete_environment_is_not_changed_and_needs_no_network(ready: Checkout) -> None:
    before = (ready.venv / ".ready").stat().st_mtime_ns
    shutil.rmtree(ready.wheels)
    done = ready.set_up()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (ready.venv / ".ready").stat().st_mtime_ns == before
    # git changes modification times; only the content counts.
    os.utime(ready.root / "requirements" / "dev.txt")
    assert ready.set_up().stderr == ""


@pytest.mark.slow
def test_a_changed_lock_updates_the_environment_in_place(ready: Checkout) -> None:
    (ready.venv / "kept").touch()
    lock = ready.root / "requirements" / "dev.txt"
    lock.write_text(lock.read_text(encoding="utf-8") + locked(make_wheel(ready.wheels, "hat", "1.0")), encoding="utf-8")
    done = ready.set_up()
    assert done.returncode == 0, done.stderr
    assert ready.installed() == {**LOCKED, "hat": "1.0"}
    assert (ready.venv / "kept").exists()


def test_an_interrupted_set_up_reports_it_and_can_be_repeated(checkout: Checkout, index: SilentIndex) -> None:
    process = start_set_up(checkout, index)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does for Ctrl-C
    _, printed = process.communicate()
    assert process.returncode != 0
    assert "Traceback" not in printed
    assert "set-up was interrupted; make setup starts it anew" in printed
    done = checkout.set_up()
    assert "making .venv anew: an earlier set-up did not end" in done.stderr
    assert_ready(checkout, done)


@pytest.mark.slow
def test_a_killed_set_up_can_be_repeated(checkout: Checkout, index: SilentIndex) -> None:
    process = start_set_up(checkout, index)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert_ready(checkout, checkout.set_up())


@pytest.mark.slow
def test_a_second_set_up_waits_for_the_first(checkout: Checkout, index: SilentIndex) -> None:
    first = start_set_up(checkout, index)
    with subprocess.Popen(
        checkout.command(),
        cwd=checkout.root,
        env=checkout.environment(),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as second:
        assert second.stderr is not None
        assert second.stderr.readline().startswith("waiting for another set-up in ")
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        second.communicate()
    assert second.returncode == 0
    assert checkout.installed() == LOCKED


@pytest.mark.parametrize("how", ["copied", pytest.param("moved", marks=pytest.mark.slow)])
def test_a_moved_or_copied_environment_is_recreated(ready: Checkout, how: str) -> None:
    there = Checkout(ready.root.parent / "another", ready.wheels, ready.programs)
    if how == "moved":
        ready.root.rename(there.root)
    else:
        shutil.copytree(ready.root, there.root, symlinks=True)
    done = there.set_up()
    assert "making .venv anew: it was made in another place" in done.stderr
    assert_ready(there, done)
    for program in (there.venv / "bin").glob("pip*"):
        assert str(ready.root) not in program.read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_environment_works_through_a_symbolic_link(ready: Checkout) -> None:
    link = ready.root.parent / "link"
    link.symlink_to(ready.root)
    done = subprocess.run(
        ready.command(),
        cwd=link,
        env=ready.environment(PWD=str(link)),
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_an_environment_without_pip_is_recreated(checkout: Checkout) -> None:
    # As `python3 -m venv` leaves it on Debian without python3-venv.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout.venv], check=True)
    done = checkout.set_up()
    assert "making .venv anew: it has no pip" in done.stderr
    assert_ready(checkout, done)


@pytest.mark.slow
def test_an_environment_without_its_interpreter_is_recreated(ready: Checkout) -> None:
    for name in ("python", "python3"):
        (ready.venv / "bin" / name).unlink()
    (ready.venv / "bin" / "python").symlink_to("/nowhere/python3")
    done = ready.set_up()
    assert "making .venv anew" in done.stderr
    assert_ready(ready, done)


@pytest.mark.slow
def test_an_environment_that_the_user_created_is_used(checkout: Checkout) -> None:
    subprocess.run([sys.executable, "-m", "venv", checkout.venv], check=True)
    (checkout.venv / "kept").touch()
    done = checkout.set_up()
    assert "anew" not in done.stderr
    assert_ready(checkout, done)
    assert (checkout.venv / "kept").exists()


def test_a_folder_that_is_no_environment_is_not_changed(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "elephant.png").touch()
    done = checkout.set_up(f"VENV={tmp_path}/photographs")
    assert "photographs is no virtual environment; remove it, then: make setup" in failure(done)
    assert [path.name for path in (tmp_path / "photographs").iterdir()] == ["elephant.png"]
