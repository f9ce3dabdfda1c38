"""`wait_until` returns at the event, fails early, and explains the failure."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_until


def test_it_returns_the_first_true_result() -> None:
    answers = iter([None, "", "here"])
    assert wait_until(lambda: next(answers), what="an answer") == "here"


def test_it_retries_on_the_given_errors() -> None:
    def refuse_once() -> Iterator[str]:
        yield ""
        yield "connected"

    attempts = refuse_once()

    def connect() -> str:
        if not (answer := next(attempts)):
            raise ConnectionRefusedError
        return answer

    assert wait_until(connect, what="a connection", retry_on=OSError) == "connected"


def test_any_other_error_is_raised_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0, what="nothing", retry_on=OSError)


def test_an_ended_process_fails_the_test_early_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("the disk is full", encoding="utf-8")
    command = [sys.executable, "-S", "-c", "raise SystemExit(3)"]
    with subprocess.Popen(command) as process, pytest.raises(pytest.fail.Exception) as failure:
        wait_until(lambda: False, what="the API to answer", process=process, log=log)
    assert str(failure.value) == ("waited for the API to answer, but the process ended with status 3\nthe disk is full")


def test_a_condition_that_a_process_fulfilled_before_it_ended_is_seen(tmp_path: Path) -> None:
    made = tmp_path / "made"
    with subprocess.Popen([sys.executable, "-S", "-c", f"open({str(made)!r}, 'w')"]) as process:
        process.wait()
        assert wait_until(made.exists, what="the file", process=process)


def test_a_timeout_reports_the_event_and_the_last_error() -> None:
    def refuse() -> bool:
        raise ConnectionRefusedError("port 1")

    with pytest.raises(pytest.fail.Exception) as failure:
        wait_until(refuse, what="a connection", retry_on=OSError, limit=0.0)
    assert str(failure.value) == "waited 0 s for a connection\nlast error: ConnectionRefusedError('port 1')"
