"""The first prediction of `menagerie up`: retried while the emulator runs, and no longer."""

import sys
from pathlib import Path

import pytest

from cloud.local.ports import choose_free
from cloud.local.processes import ChildProcess, Guardian
from cloud.local.up import first_prediction
from cloud.state.directory import StackAddresses
from menagerie.errors import Unavailable


def test_an_ended_emulator_ends_the_wait_for_a_prediction(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{choose_free()}"
    messages: list[str] = []
    program = "print('out of memory'); raise SystemExit(3)"
    with Guardian() as guardian:
        emulator = ChildProcess(
            "emulator", [sys.executable, "-c", program], env={}, log=tmp_path / "log", guardian=guardian
        )
        with pytest.raises(Unavailable, match=r"emulator ended unexpectedly \(exit status 3\): out of memory"):
            first_prediction(StackAddresses(url, "key", url, None, url), emulator, messages.append)
    assert set(messages) <= {"ConnectError; trying again"}
