"""The state folder: one process at a time, private secrets, atomic files, known versions."""

import json
import os
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cloud.state.directory import FORMAT, StackAddresses, StateDirectory
from menagerie.errors import Conflict, NotFound

ADDRESSES = StackAddresses("http://a", "key", "http://e", None, "http://d")


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory.open(tmp_path / "state")


def test_only_the_owner_has_access(state: StateDirectory) -> None:
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
    state.delete_addresses()
    with pytest.raises(NotFound, match="menagerie up"):
        state.addresses()


def test_the_error_of_a_second_process_names_the_first(state: StateDirectory) -> None:
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


def test_the_lock_of_a_killed_process_is_released(state: StateDirectory) -> None:
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


def test_deleting_everything_keeps_only_the_lock(state: StateDirectory) -> None:
    state.secret("api-key")
    state.log("emulator").write_text("line", encoding="utf-8")
    with state.locked():
        state.delete_everything()
        assert [entry.name for entry in state.root.iterdir()] == ["lock"]


@pytest.mark.parametrize("content", ["", "\n", "short", "with a space in the middle of it all"])
def test_a_truncated_secret_is_replaced(state: StateDirectory, content: str) -> None:
    (state.root / "api-key").write_text(content, encoding="utf-8")
    secret = state.secret("api-key")
    assert len(secret) >= 40
    assert state.secret("api-key") == secret


@pytest.mark.parametrize("content", ["", '{"api_url": "http', "[]", "{}"])
def test_a_truncated_file_of_addresses_is_named(state: StateDirectory, content: str) -> None:
    (state.root / "stack.json").write_text(content, encoding="utf-8")
    with pytest.raises(NotFound, match=r"stack\.json is invalid"):
        state.addresses()


def test_a_new_folder_gets_the_installed_versions(state: StateDirectory) -> None:
    state.require_known_version()
    written = json.loads((state.root / "version.json").read_text(encoding="utf-8"))
    assert written == {"format": FORMAT, "menagerie": version("menagerie"), "ministack": version("ministack")}
    state.require_known_version()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": "x", "ministack": "1"}', '{"format": 2, "ministack": "?"}']
)
def test_an_incomplete_version_file_counts_as_none(state: StateDirectory, text: str) -> None:
    (state.root / "version.json").write_text(text, encoding="utf-8")
    state.require_known_version()
    assert json.loads((state.root / "version.json").read_text(encoding="utf-8"))["format"] == FORMAT


def test_the_state_of_an_older_emulator_is_accepted(state: StateDirectory) -> None:
    (state.root / "version.json").write_text(
        '{"format": 2, "menagerie": "0.1.0", "ministack": "1.0.0"}', encoding="utf-8"
    )
    state.require_known_version()


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ({"format": FORMAT + 1, "menagerie": "9.8.7", "ministack": "1.0.0"}, "written by Menagerie 9.8.7"),
        ({"format": FORMAT, "menagerie": "0.1.0", "ministack": "99.0.0"}, "written by MiniStack 99.0.0"),
    ],
)
def test_the_state_of_later_versions_is_refused_with_advice(state: StateDirectory, written: object, named: str) -> None:
    (state.root / "version.json").write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(Conflict, match=named) as refusal:
        state.require_known_version()
    assert "--state-dir" in str(refusal.value)
    assert json.loads((state.root / "version.json").read_text(encoding="utf-8")) == written
