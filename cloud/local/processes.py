"""Child processes that end with their parent: each has its own process group, and a guardian process watches it.

`python -m cloud.local.processes` runs the guardian process.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

from cloud.environment import child_environment
from menagerie.errors import Unavailable

LIMIT_SECONDS = 600.0
"""Time limit for a running program to start, to respond or to save its state. Slow machines need minutes."""
STOP_SECONDS = 20.0
"""Time limit for a program without state to stop."""


class StopOnSignals:
    """Raises KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP while the context is active."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._interrupt) for number in self._NUMBERS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """Ignore these signals from now on, so that nothing interrupts the shutdown."""
        for number in self._NUMBERS:
            signal.signal(number, signal.SIG_IGN)

    @staticmethod
    def _interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt


class Guardian:
    """Ends process groups when this process dies, also by SIGKILL.

    The guardian is a small process that reads lines from a pipe: a group id and the seconds that its leader may take
    to stop, or a negative group id to remove it. The kernel closes the pipe when its writer is gone. Then the guardian
    ends every group that is left.
    """

    def __init__(self) -> None:
        end, self._pipe = os.pipe()
        command = [sys.executable, "-P", "-m", "cloud.local.processes"]
        environment = child_environment(home=None)
        self._process = subprocess.Popen(command, stdin=end, env=environment, start_new_session=True)
        os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        self._process.wait()

    def watch(self, group: int, grace: float) -> None:
        """Add a process group whose leader may take `grace` seconds to stop."""
        self._write(f"{group} {grace}")

    def release(self, group: int) -> None:
        """Remove a process group that has ended."""
        self._write(f"{-group}")

    def _write(self, line: str) -> None:
        os.write(self._pipe, f"{line}\n".encode())


class ChildProcess:
    """A process in its own process group, whose output goes to a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        guardian: Guardian,
        grace: float = STOP_SECONDS,
        folder: Path | None = None,
    ) -> None:
        """Start the process in `folder` or the current one. `stop` kills it after `grace` seconds."""
        self.name = name
        self._grace = grace
        self.log = log
        self._guardian = guardian
        with log.open("w", encoding="utf-8") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        guardian.watch(self._process.pid, grace)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """The exit status; None while the process runs."""
        return self._process.poll()

    def raise_if_dead(self) -> None:
        """Raise Unavailable with the last line of the log if the process has ended."""
        status = self.exit_status
        if status is not None:
            reason = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
            raise Unavailable(f"the {self.name} ended unexpectedly ({reason}): {self.last_line()}; see {self.log}")

    def last_line(self) -> str:
        """Return the last non-empty line of the log."""
        lines = [line for line in self.log.read_text(errors="replace", encoding="utf-8").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it wrote nothing"

    def request_stop(self) -> None:
        """Send SIGTERM without waiting."""
        if self.exit_status is None:
            self._process.terminate()

    def stop(self) -> None:
        """Send SIGTERM, wait for the process to save its state, then end the rest of its group."""
        if self.exit_status is None:
            self._process.terminate()
            try:
                self._process.wait(self._grace)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        end_group(self.pid, grace=2.0)
        self._guardian.release(self.pid)


def has_ended(pid: int) -> bool:
    """Return whether a process does not exist or is a zombie."""
    try:
        os.kill(pid, 0)
        # Without an init process that reaps orphans, as in many containers, an ended orphan stays a zombie.
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except ProcessLookupError:
        return True
    except OSError:  # no /proc on this system
        return False


def end_group(group: int, *, grace: float) -> None:
    """Send SIGTERM to a process group, wait up to `grace` seconds, then send SIGKILL to the rest."""
    deadline = time.monotonic() + grace
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
            while number is signal.SIGTERM and time.monotonic() < deadline:
                time.sleep(0.05)
                os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return


def guard() -> None:
    """Run the guardian process: read groups from standard input until it closes, then end them."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, float] = {}
    for line in sys.stdin:
        group, *grace = line.split()
        if grace:
            groups[int(group)] = float(grace[0])
        else:
            groups.pop(-int(group), None)
    for group in groups:
        try:
            os.kill(group, signal.SIGTERM)  # the leader first: it may need its workers to save its state
        except (ProcessLookupError, PermissionError):
            continue
    threads = [threading.Thread(target=_wait_and_end, args=entry) for entry in groups.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _wait_and_end(group: int, grace: float) -> None:
    deadline = time.monotonic() + grace
    while not has_ended(group) and time.monotonic() < deadline:
        time.sleep(0.1)
    end_group(group, grace=2.0)


if __name__ == "__main__":
    guard()
