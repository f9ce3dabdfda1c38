"""The state folder: one user at a time, private secrets, addresses that are whole or absent."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.state.directory import StackAddresses, StateDirectory
from menagerie.errors import Conflict, NotFound

ADDRESSES = StackAddresses("http://a", "key", "http://e", None, "http://d")


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory.open(tmp_path / "state")


def test_only_its_owner_may_look_inside(state: StateDirectory) -> None:
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700


def test_a_secret_is_random_private_and_stays_the_same(state: StateDirectory, tmp_path: Path) -> None:
    secret = state.secret("api-key")
    assert len(secret) >= 40
    assert state.secret("api-key") == secret
    assert stat.S_IMODE((state.root / "api-key").stat().st_mode) == 0o600
    assert StateDirectory.open(tmp_path / "other").secret("api-key") != secret


def test_addresses_are_read_back_and_private(state: StateDirectory) -> None:
    path = state.write_addresses(ADDRESSES)
    assert state.addresses() == ADDRESSES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    state.forget_addresses()
    with pytest.raises(NotFound, match="menagerie up"):
        state.addresses()


def test_a_second_process_is_told_who_holds_the_folder(state: StateDirectory) -> None:
    program = (
        "import sys; from pathlib import Path; from cloud.state.directory import StateDirectory\n"
        "with StateDirectory.open(Path(sys.argv[1])).locked(): pass"
    )
    with state.locked():
        assert state.running_pid() == os.getpid()
        done = subprocess.run(
            [sys.executable, "-c", program, state.root], capture_output=True, text=True, check=False, encoding="utf-8"
        )
    assert done.returncode != 0
    assert f"already runs with {state.root} (process {os.getpid()})" in done.stderr
    assert state.running_pid() is None


def test_the_lock_of_a_killed_process_holds_nobody_up(state: StateDirectory) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from cloud.state.directory import StateDirectory\n"
        "with StateDirectory.open(Path(sys.argv[1])).locked(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, state.root], check=False).returncode == -9
    with state.locked():
        assert state.running_pid() == os.getpid()


def test_one_process_cannot_lock_twice(state: StateDirectory) -> None:
    with state.locked(), pytest.raises(Conflict), state.locked():
        pass


def test_forgetting_everything_leaves_only_the_lock(state: StateDirectory) -> None:
    state.secret("api-key")
    state.log("emulator").write_text("line", encoding="utf-8")
    with state.locked():
        state.forget_everything()
        assert [entry.name for entry in state.root.iterdir()] == ["lock"]


@pytest.mark.parametrize("content", ["", "\n", "short", "with a space in the middle of it all"])
def test_a_secret_that_was_cut_off_counts_as_absent(state: StateDirectory, content: str) -> None:
    (state.root / "api-key").write_text(content, encoding="utf-8")
    secret = state.secret("api-key")
    assert len(secret) >= 40
    assert state.secret("api-key") == secret


@pytest.mark.parametrize("content", ["", '{"api_url": "http', "[]", "{}"])
def test_addresses_that_were_cut_off_are_named(state: StateDirectory, content: str) -> None:
    (state.root / "stack.json").write_text(content, encoding="utf-8")
    with pytest.raises(NotFound, match=r"stack\.json cannot be read"):
        state.addresses()
