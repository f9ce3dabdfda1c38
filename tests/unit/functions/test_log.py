"""A log record is one line of JSON."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.log import function_log, log_unreadable
from menagerie.errors import Unreadable

Output = pytest.CaptureFixture[str]


def only_line(output: Output) -> dict[str, Any]:
    (line,) = output.readouterr().out.splitlines()
    fields: dict[str, Any] = json.loads(line)
    return fields


def test_a_line_has_level_message_service_and_time(capsys: Output) -> None:
    function_log("predict").info("model loaded", version="v1")
    line = only_line(capsys)
    assert (line["level"], line["message"], line["service"], line["version"]) == (
        "INFO",
        "model loaded",
        "predict",
        "v1",
    )
    timestamp = datetime.fromisoformat(line["timestamp"])
    assert timestamp.utcoffset() == timedelta(0)
    assert abs(timestamp - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_error_has_its_traceback_in_the_same_line(capsys: Output) -> None:
    try:
        _ = dict[str, str]()["nobody"]
    except KeyError:
        function_log("train").exception("job failed", job_id="j")
    line = only_line(capsys)
    assert (line["level"], line["exception_name"], line["job_id"]) == ("ERROR", "KeyError", "j")
    assert line["exception"].startswith("Traceback")
    assert line["exception"].rstrip().endswith("KeyError: 'nobody'")


def test_values_of_any_type_can_be_logged(capsys: Output) -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd\n"

    function_log("predict").info("line\nbreak", value=Odd(), at=datetime(2026, 1, 31, tzinfo=UTC), text="größer")
    line = only_line(capsys)
    assert (line["message"], line["value"], line["text"]) == ("line\nbreak", "odd\n", "größer")


def test_a_log_that_is_made_twice_writes_once(capsys: Output) -> None:
    for _ in range(2):
        log = function_log("predict")
    log.info("model loaded")
    assert only_line(capsys)["message"] == "model loaded"


def test_an_unreadable_item_is_logged_with_key_and_reason(capsys: Output) -> None:
    item = Unreadable("day#2026-01-31/1", ValueError("not a number"))
    log_unreadable(function_log("predict"))(item)
    line = only_line(capsys)
    assert (line["level"], line["message"], line["key"]) == ("WARNING", "stored item skipped", item.key)
    assert line["reason"] == item.reason
