"""Wait for an event in another process or thread, with one limit for all tests."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

# Ten times as long as the longest wait on a busy laptop. Only a failing test waits this long. The timeout of a whole
# test, in pyproject.toml, is longer.
LIMIT_SECONDS = 600.0
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.25


def wait_until(
    condition: Callable[[], T | None],
    *,
    what: str,
    process: subprocess.Popen[bytes] | subprocess.Popen[str] | None = None,
    log: Path | None = None,
    retry_on: type[Exception] | tuple[type[Exception], ...] = (),
    limit: float = LIMIT_SECONDS,
) -> T:
    """Return the first true result of a condition.

    Args:
        condition: Called repeatedly, with pauses that grow to a quarter of a second.
        what: The event, for the message of a failure: "the API to respond".
        process: The test fails as soon as this process has ended, unless the condition is true then.
        log: A file whose text is added to the message of a failure.
        retry_on: Errors of the condition that mean "not yet", such as a refused connection.
        limit: Seconds after which the test fails. Only the tests of this function set it.
    """
    deadline = time.monotonic() + limit
    pause = FIRST_PAUSE_SECONDS
    while True:
        # Read before the condition, which the process may fulfil just before it ends.
        status = process.poll() if process is not None else None
        overdue = time.monotonic() > deadline
        error: Exception | None = None
        try:
            if answer := condition():
                return answer
        except retry_on as not_yet:
            error = not_yet
        if status is not None or overdue:
            reason = f"waited {limit:g} s for {what}" if status is None else f"waited for {what}, but the process ended"
            pytest.fail("\n".join(_explained(reason, status, error, log)), pytrace=False)
        time.sleep(pause)  # noqa: TID251 - the one place
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _explained(reason: str, status: int | None, error: Exception | None, log: Path | None) -> list[str]:
    lines = [reason if status is None else f"{reason} with status {status}"]
    if error is not None:
        lines.append(f"last error: {error!r}")
    if log is not None:
        lines.append(log.read_text(errors="replace", encoding="utf-8") if log.exists() else f"{log} does not exist")
    return lines
