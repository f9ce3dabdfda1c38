"""The commands that speak to a cloud that is up: status, logs, invoke."""

import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.e2e import conftest
from tests.e2e.conftest import Up
from tests.e2e.test_routes import wait_for_answers_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def menagerie(up: Up, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return conftest.menagerie(*words, "--state-dir", up.state_dir)


def test_up_wrote_a_line_when_each_step_began_and_when_it_ended(up: Up) -> None:
    log = up.log.read_text(encoding="utf-8")
    begun = re.findall(r"^  (.*) …$", log, re.MULTILINE)
    ended = re.findall(r"^✓ (.*?)(?:: .*)? \(\d+\.\d s\)$", log, re.MULTILINE)
    assert (
        begun
        == ended
        == [
            "Packaging the functions",
            "Starting the emulator",
            "Deploying template.yaml",
            "Waiting for the data service",
            "Training the first model",
            "Asking the API for a first prediction",
        ]
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", log)


def test_status_names_every_part_and_the_current_model(up: Up, api: httpx2.Client) -> None:
    current = api.get("/models").json()["current"]
    # Another test may have promoted it a moment ago.
    wait_for_answers_of(api, current)
    done = menagerie(up, "status")
    assert done.returncode == 0, done.stdout
    for part in ("emulated cloud", "API", "data service", f"current model: {current}"):
        assert part in done.stdout


def test_a_request_leaves_one_json_line_in_the_functions_log(up: Up, api: httpx2.Client) -> None:
    request_id = api.post("/predict", json={"animals": []}).json().get("request_id")
    done = menagerie(up, "logs", "predict")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    refused = [line for line in lines if line.get("status") == 422 and line.get("route") == "/predict"]
    assert refused, done.stdout[-2000:]
    assert {"request_id", "duration_ms", "model_version", "method"} <= set(refused[-1])
    assert request_id is None or request_id in done.stdout


def test_logs_of_an_unknown_function_are_an_error_that_names_the_others(up: Up) -> None:
    done = menagerie(up, "logs", "oracle")
    assert done.returncode == 1
    assert "predict, retrain and train" in done.stderr


def test_invoke_prints_what_the_function_answers(up: Up) -> None:
    done = menagerie(up, "invoke", "predict", "events/health.json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statusCode"] == 200


def test_an_event_that_the_function_cannot_take_fails_the_command(up: Up, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"no": "http"}', encoding="utf-8")
    done = menagerie(up, "invoke", "predict", event)
    assert done.returncode == 1
    assert "errorMessage" in done.stdout
    event.write_text("{", encoding="utf-8")
    assert "is no JSON" in menagerie(up, "invoke", "predict", event).stderr
