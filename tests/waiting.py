"""Waiting for what another process or thread does: for the event itself, with one limit for all tests."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

# Ten times what the longest of these waits takes on a busy laptop. Only a test that fails waits this long; pytest's own
# timeout, in pyproject.toml, is the limit of a whole test and stands above it.
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
    """Return the condition's first true answer.

    Args:
        condition: Asked again and again, with pauses that grow to a quarter of a second.
        what: What is waited for, for the message of a failure: "the API to answer".
        process: Without it the condition cannot come true: the test fails as soon as it has ended.
        log: A file whose text is part of a failure's message.
        retry_on: Errors of the condition that mean "not yet", such as a refused connection.
        limit: Seconds after which the test fails. Only the tests of this function pass another.
    """
    deadline = time.monotonic() + limit
    pause = FIRST_PAUSE_SECONDS
    while True:
        # Looked at before the condition: what the process did last may be what makes it true.
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
