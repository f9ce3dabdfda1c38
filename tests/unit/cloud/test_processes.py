"""Child processes end in order with their own children, also when the parent is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.local.processes import ChildProcess, Guardian, has_ended
from menagerie.errors import Unavailable
from tests.waiting import wait_until

# A leader that starts a worker, says so, and takes a moment to save its state when asked to stop.
LEADER = """
import pathlib, signal, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
def stop(*_):
    pathlib.Path(sys.argv[1], "saved").write_text("yes")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1], "worker").write_text(str(worker.pid))
signal.pause()
"""

DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('deaf', flush=True)
while True:
    signal.pause()
"""

PARENT = """
import os, sys
from pathlib import Path
from typing import TypeVar
from cloud.local.processes import ChildProcess, Guardian
folder = Path(sys.argv[1])
child = ChildProcess("child", [sys.executable, "-c", sys.argv[2], str(folder)], env=os.environ,
                     log=folder / "log", guardian=Guardian())
while not (folder / "worker").exists():
    child.raise_if_dead()
print(child.pid, flush=True)
sys.stdin.read()
"""


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads process states from /proc")


def test_stopping_lets_the_leader_save_and_ends_its_workers(tmp_path: Path) -> None:
    with Guardian() as guardian:
        child = ChildProcess(
            "child",
            [sys.executable, "-c", LEADER, str(tmp_path)],
            env=os.environ,
            log=tmp_path / "log",
            guardian=guardian,
        )
        worker = int(wait_until(lambda: read(tmp_path / "worker"), what="the leader to start a worker"))
        assert not has_ended(worker)
        child.stop()
    assert child.exit_status == 0
    assert (tmp_path / "saved").read_text(encoding="utf-8") == "yes"
    wait_until(lambda: has_ended(worker), what="the worker to end")


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    with Guardian() as guardian:
        child = ChildProcess(
            "child", [sys.executable, "-c", DEAF], env=os.environ, log=tmp_path / "log", guardian=guardian, grace=0.2
        )
        wait_until(lambda: "deaf" in read(tmp_path / "log"), what="the child to ignore SIGTERM")
        child.stop()
    assert child.exit_status == -signal.SIGKILL


def test_a_killed_parent_leaves_no_process_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path, LEADER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        worker = int((tmp_path / "worker").read_text(encoding="utf-8"))
        assert not has_ended(child)
        parent.kill()
    wait_until(lambda: has_ended(child) and has_ended(worker), what="both to end")
    assert (tmp_path / "saved").read_text(encoding="utf-8") == "yes"


def test_the_error_of_an_ended_child_has_its_last_line(tmp_path: Path) -> None:
    with Guardian() as guardian:
        child = ChildProcess(
            "oracle",
            [sys.executable, "-c", "print('no such delphi'); raise SystemExit(3)"],
            env=os.environ,
            log=tmp_path / "log",
            guardian=guardian,
        )
        wait_until(lambda: child.exit_status is not None, what="the child to end")
        with pytest.raises(Unavailable, match=r"oracle ended unexpectedly \(exit status 3\): no such delphi"):
            child.raise_if_dead()
