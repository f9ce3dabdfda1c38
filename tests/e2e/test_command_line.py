"""The commands status, logs and invoke on a running cloud."""

import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.e2e import conftest
from tests.e2e.conftest import Up
from tests.e2e.test_routes import wait_until_served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def menagerie(up: Up, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return conftest.menagerie(*words, "--state-dir", up.state_dir)


def test_up_prints_a_line_at_the_start_and_at_the_end_of_each_step(up: Up) -> None:
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
            "Requesting a first prediction",
        ]
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", log)


def test_status_names_every_part_and_the_current_model(up: Up, api: httpx2.Client) -> None:
    current = api.get("/models").json()["current"]
    # Another test may just have promoted it.
    wait_until_served(api, current)
    done = menagerie(up, "status")
    assert done.returncode == 0, done.stdout
    for part in ("emulated cloud", "API", "data service", f"current model: {current}"):
        assert part in done.stdout


def refusals(up: Up) -> list[dict[str, object]]:
    """Return the log lines of requests to predict that were invalid."""
    done = menagerie(up, "logs", "predict")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("status") == 422 and line.get("route") == "/predict"]


def test_a_request_writes_one_json_line_to_the_log_of_its_function(up: Up, api: httpx2.Client) -> None:
    before = refusals(up)
    assert api.post("/predict", json={"animals": []}).status_code == 422
    after = refusals(up)
    assert len(after) == len(before) + 1
    assert {"request_id", "duration_ms", "model_version", "method"} <= set(after[-1])


def test_logs_of_an_unknown_function_are_an_error_that_names_the_functions(up: Up) -> None:
    done = menagerie(up, "logs", "oracle")
    assert done.returncode == 1
    assert "predict, retrain and train" in done.stderr


def test_invoke_prints_the_response_of_the_function(up: Up) -> None:
    done = menagerie(up, "invoke", "predict", "events/health.json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statusCode"] == 200


def test_an_event_that_the_function_cannot_handle_fails_the_command(up: Up, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"no": "http"}', encoding="utf-8")
    done = menagerie(up, "invoke", "predict", event)
    assert done.returncode == 1
    assert "errorMessage" in done.stdout
    event.write_text("{", encoding="utf-8")
    assert "is not JSON" in menagerie(up, "invoke", "predict", event).stderr
