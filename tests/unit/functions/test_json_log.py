"""What is told is one line of JSON, whatever it holds."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.http.json_log import JsonLog

Output = pytest.CaptureFixture[str]


def told(output: Output) -> dict[str, Any]:
    (line,) = output.readouterr().out.splitlines()
    fields: dict[str, Any] = json.loads(line)
    return fields


def test_a_line_says_what_when_and_who(capsys: Output) -> None:
    JsonLog("predict").info("model loaded", version="v1")
    line = told(capsys)
    assert (line["level"], line["message"], line["service"], line["version"]) == (
        "INFO",
        "model loaded",
        "predict",
        "v1",
    )
    assert abs(datetime.fromisoformat(line["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_is_not_known_is_left_out(capsys: Output) -> None:
    JsonLog("predict").warning("slow", model_version=None, seconds=0)
    line = told(capsys)
    assert "model_version" not in line
    assert (line["level"], line["seconds"]) == ("WARNING", 0)


def test_an_error_is_told_with_its_traceback_in_the_same_line(capsys: Output) -> None:
    try:
        _ = dict[str, str]()["nobody"]
    except KeyError as error:
        JsonLog("train").error("job failed", error, job_id="j")
    line = told(capsys)
    assert (line["level"], line["exception_name"], line["job_id"]) == ("ERROR", "KeyError", "j")
    assert line["exception"].startswith("Traceback")
    assert line["exception"].rstrip().endswith("KeyError: 'nobody'")


def test_anything_can_be_told(capsys: Output) -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd\n"

    JsonLog("predict").info("line\nbreak", value=Odd(), at=datetime(2026, 1, 31, tzinfo=UTC), text="größer")
    line = told(capsys)
    assert (line["message"], line["value"], line["text"]) == ("line\nbreak", "odd\n", "größer")


def test_a_field_may_be_called_like_an_argument(capsys: Output) -> None:
    JsonLog("predict").info("job ended", error="no rows")
    assert told(capsys)["error"] == "no rows"
