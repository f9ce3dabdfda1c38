"""Child processes that end with their parent: each in a process group of its own, watched by a guardian."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from cloud.environment import child_environment
from menagerie.errors import Unavailable

LIMIT_SECONDS = 600.0
"""How long a program that lives may take to start, to answer or to save its state; on a slow machine many minutes."""
ORDERLY_STOP_SECONDS = 20.0
"""How long a program with nothing to save may take to stop."""


class Guardian:
    """Ends process groups when this process dies, however it dies.

    The guardian is a small process that reads group ids from a pipe, each with the seconds that its leader may take to
    stop. The pipe closes when its writer is gone, which no kill -9 can prevent, and then the guardian ends every group.
    """

    def __init__(self) -> None:
        end, self._pipe = os.pipe()
        command = [sys.executable, "-P", "-m", "cloud.local.guardian"]
        environment = child_environment(home=None)
        self._process = subprocess.Popen(command, stdin=end, env=environment, start_new_session=True)
        os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        self._process.wait()

    def watch(self, group: int, grace: float) -> None:
        """Add a process group, whose leader may take `grace` seconds to stop."""
        self._tell(f"{group} {grace}")

    def release(self, group: int) -> None:
        """Take a process group off the list, since it has ended."""
        self._tell(f"{-group}")

    def _tell(self, line: str) -> None:
        os.write(self._pipe, f"{line}\n".encode())


class ChildProcess:
    """A process in a group of its own whose output goes to a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        guardian: Guardian,
        grace: float = ORDERLY_STOP_SECONDS,
        folder: Path | None = None,
    ) -> None:
        """Start it, in a folder or in ours; `grace` is how many seconds it may take to stop before it is killed."""
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
        """The process id, which is also that of its group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def raise_if_dead(self) -> None:
        """Raise Unavailable with the last line of its log if it has ended."""
        status = self.exit_status
        if status is not None:
            told = f"the {self.name} ended unexpectedly ({_told(status)})"
            raise Unavailable(f"{told}: {self.last_line()}; see {self.log}")

    def last_line(self) -> str:
        """The last line it wrote that is not empty."""
        lines = [line for line in self.log.read_text(errors="replace", encoding="utf-8").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it wrote nothing"

    def ask_to_stop(self) -> None:
        """Ask it to stop, and return at once."""
        if self.exit_status is None:
            self._process.terminate()

    def stop(self) -> None:
        """Ask it to stop, give it time to save its state, then end whatever is left of its group."""
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
    """Tell whether a process is gone, or only waits for its parent to notice that it is."""
    try:
        os.kill(pid, 0)
        # Where nobody reaps orphans, as in many containers, an ended one stays a zombie.
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except ProcessLookupError:
        return True
    except OSError:  # no /proc on this system
        return False


def end_group(group: int, *, grace: float) -> None:
    """Send SIGTERM to a process group, wait up to `grace` seconds, and SIGKILL what remains."""
    deadline = time.monotonic() + grace
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
            while number is signal.SIGTERM and time.monotonic() < deadline:
                time.sleep(0.05)
                os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return


def _told(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
