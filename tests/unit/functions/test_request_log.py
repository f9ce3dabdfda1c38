"""Each request is logged in one JSON line."""

import json
from typing import Any

import pytest

from functions.predict.current_model import CurrentModel
from tests.fakes import Broken, Down, InMemoryPredictions, InMemoryRegistry
from tests.samples import DOG
from tests.unit.functions.conftest import CURRENT, OTHER, Send, predict_function
from tests.unit.functions.gateway import Context

GOOD = {"animals": [DOG.model_dump()]}

Output = pytest.CaptureFixture[str]


def only_line(output: Output) -> dict[str, Any]:
    captured = output.readouterr()
    assert captured.err == ""
    (line,) = captured.out.splitlines()
    fields: dict[str, Any] = json.loads(line)
    return fields


def test_a_prediction_is_logged_in_one_line(predict: Send, capsys: Output) -> None:
    answer = predict("POST", "/predict", json_body=GOOD).json()
    line = only_line(capsys)
    assert line["level"] == "INFO"
    assert line["message"] == "POST /predict 200"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/predict", 200)
    assert line["request_id"] == Context.aws_request_id
    assert line["prediction_request_id"] == answer["request_id"]
    assert line["model_version"] == CURRENT
    assert line["animals"] == 1
    assert 0 < line["duration_ms"] < 10_000


def test_the_route_is_logged_instead_of_the_path(predict: Send, capsys: Output) -> None:
    predict("GET", "/predictions/somebody", resource="/predictions/{prediction_id}")
    assert only_line(capsys)["route"] == "/predictions/{prediction_id}"


def test_the_version_of_the_model_is_logged(predict: Send, capsys: Output) -> None:
    predict("POST", "/predict", json_body={**GOOD, "model_version": OTHER})
    assert only_line(capsys)["model_version"] == OTHER


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [("POST", "/predict", "{}", 422), ("DELETE", "/predict", None, 405), ("GET", "/nowhere", None, 404)],
)
def test_a_refused_request_is_logged_in_one_line(
    predict: Send, capsys: Output, method: str, target: str, body: str | None, status: int
) -> None:
    predict("GET", "/health")
    capsys.readouterr()
    predict(method, target, body=body)
    line = only_line(capsys)
    assert (line["level"], line["status"], line["model_version"]) == ("INFO", status, CURRENT)


def test_only_the_first_request_is_a_cold_start(predict: Send, capsys: Output) -> None:
    cold_starts = []
    for _ in range(3):
        predict("GET", "/health")
        cold_starts.append(only_line(capsys)["cold_start"])
    assert cold_starts == [True, False, False]


def test_an_unavailable_dependency_is_logged_with_its_reason(registry: InMemoryRegistry, capsys: Output) -> None:
    predict_function(registry, Down())("POST", "/predict", json_body=GOOD)
    line = only_line(capsys)
    assert (line["level"], line["status"]) == ("WARNING", 503)
    assert Down.SECRET in line["error"]


def test_an_unexpected_error_is_logged_with_its_traceback(registry: InMemoryRegistry, capsys: Output) -> None:
    predict_function(registry, Broken())("POST", "/predict", json_body=GOOD)
    line = only_line(capsys)
    assert (line["level"], line["status"]) == ("ERROR", 500)
    assert line["exception_name"] == "ZeroDivisionError"
    assert "predict_animals" in line["exception"]


def test_a_new_model_that_cannot_be_used_is_logged_while_the_old_one_serves(
    registry: InMemoryRegistry, capsys: Output
) -> None:
    predict = predict_function(registry, InMemoryPredictions(), CurrentModel(registry, refresh_seconds=0))
    predict("GET", "/health")
    manifest, model = registry.models[OTHER]
    registry.models[OTHER] = (manifest, model[:-1])
    registry.promote(OTHER, expected=registry.current())
    capsys.readouterr()
    assert predict("POST", "/predict", json_body=GOOD).json()["model_version"] == CURRENT
    assert OTHER in only_line(capsys)["model_trouble"]
