"""Retraining jobs through the emulated gateway: sources, idempotency keys, a killed worker."""

import os
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from cloud.commands.options import clients_for
from cloud.deployment import outputs
from data_service.generator import rows
from tests.e2e.conftest import Up, menagerie
from tests.e2e.test_routes import ANIMALS, is_problem, wait_for_job, wait_until_idle
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TRAIN = "menagerie-train"
SHORT_TIMEOUT = 8
HEADER = "walks_on_n_legs,height,weight,has_wings,has_tail"


def start_job(api: httpx2.Client, body: dict[str, Any], **headers: str) -> httpx2.Response:
    """Request a job, repeatedly while another one runs."""

    def accepted() -> httpx2.Response | None:
        answer = api.post("/retrain", json=body, headers=headers)
        assert answer.status_code in (202, 409), answer.text
        return answer if answer.status_code == 202 else None

    return wait_until(accepted, what="the running job to end")


def run_job(api: httpx2.Client, body: dict[str, Any]) -> dict[str, Any]:
    return wait_for_job(api, start_job(api, body).json()["job_id"])


def upload(up: Up, key: str, lines: list[str]) -> None:
    clients = clients_for(up.state_dir)
    body = "\n".join([HEADER, *lines, ""]).encode()
    clients.s3.put_object(Bucket=outputs(clients)["ModelsBucketName"], Key=key, Body=body)


def csv_lines(seed: int, count: int) -> list[str]:
    return [",".join(map(str, row)) for row in rows(seed, count)]


def test_a_training_from_feedback_adds_it_to_the_rows_of_the_current_model(api: httpx2.Client) -> None:
    before = run_job(api, {"promote": "always"})["model_version"]
    pony = {**ANIMALS["dog"], "height": 1.1}
    animals = [{**pony, "weight": 120 + n / 10} for n in range(12)]
    body = {"animals": animals, "model_version": before}
    predictions = api.post("/predict", json=body).json()["predictions"]
    assert {each["species"] for each in predictions} == {"unknown"}
    for each in predictions:
        assert api.put(f"/predictions/{each['id']}/feedback", json={"species": "dog"}).status_code == 200
    job = run_job(api, {"source": {"kind": "feedback"}, "promote": "never"})
    assert job["status"] == "succeeded", job
    manifest = api.get(f"/models/{job['model_version']}").json()
    training = manifest["training"]
    assert (training["kind"], manifest["parent"], training["rows_file"]) == ("feedback", before, "rows.csv.gz")
    assert training["feedback_rows"] >= 12
    answer = api.post("/predict", json={"animals": animals, "model_version": job["model_version"]})
    assert {each["species"] for each in answer.json()["predictions"]} == {"dog"}


def test_a_job_reports_the_invalid_lines_of_a_dataset(api: httpx2.Client, up: Up) -> None:
    lines = csv_lines(5, 300)
    lines[6] = "4,-1,20,False,True"
    upload(up, "datasets/bad.csv", lines)
    job = run_job(api, {"source": {"kind": "dataset", "key": "datasets/bad.csv"}})
    assert job["status"] == "failed"
    assert "1 of 300 rows of datasets/bad.csv are no valid animals: line 8: height" in job["error"]


def test_a_repeated_request_with_an_idempotency_key_gets_the_same_response(api: httpx2.Client) -> None:
    body = {"animals": [ANIMALS["dog"]]}
    key = str(uuid4())
    first, second = (api.post("/predict", json=body, headers={"Idempotency-Key": key}) for _ in range(2))
    assert first.status_code == 200
    assert second.content == first.content
    is_problem(api.post("/predict", json={**body, "animals": []}, headers={"Idempotency-Key": key}), 422)
    is_problem(api.post("/predict", json={"animals": [ANIMALS["chicken"]]}, headers={"Idempotency-Key": key}), 422)
    retraining = {"promote": "never"}
    accepted = start_job(api, retraining, **{"Idempotency-Key": key})
    wait_for_job(api, accepted.json()["job_id"])
    again = api.post("/retrain", json=retraining, headers={"Idempotency-Key": key})
    assert (again.status_code, again.content) == (202, accepted.content)
    assert again.headers["location"] == accepted.headers["location"]


def test_the_command_line_waits_for_a_job_and_lists_its_model(api: httpx2.Client, up: Up) -> None:
    wait_until_idle(api)
    state = ("--state-dir", up.state_dir)
    waited = menagerie("retrain", "--promote", "never", "--wait", *state)
    assert waited.returncode == 0, waited.stderr
    version = waited.stdout.split()[1].rstrip(",")
    listed = menagerie("models", "list", *state)
    assert version in listed.stdout, listed.stderr
    missing = menagerie("models", "promote", "nothing", *state)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)


def worker_of(up: Up) -> int | None:
    """Return the process id of the worker that runs the train function."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(up.state_dir) in command and f"-{TRAIN}-" in command and "_worker" in command:
                return int(folder.name)
    return None


def wait_until_started(api: httpx2.Client, job_id: str) -> dict[str, Any]:
    """Return a job once a worker has taken it."""

    def job() -> dict[str, Any] | None:
        job: dict[str, Any] = api.get(f"/retrain/{job_id}").json()
        return job if job["status"] != "queued" else None

    return wait_until(job, what="a worker to take the job")


def test_a_killed_worker_leaves_a_failed_job_and_the_next_one_runs(api: httpx2.Client, up: Up) -> None:
    functions = clients_for(up.state_dir).functions
    wait_until_idle(api)
    configured = functions.get_function_configuration(FunctionName=TRAIN)["Timeout"]
    functions.update_function_configuration(FunctionName=TRAIN, Timeout=SHORT_TIMEOUT)
    try:
        before = api.get("/models").json()
        rows_of_a_long_job = {"kind": "data-service", "number_of_datapoints": 1_000_000}
        job_id = start_job(api, {"source": rows_of_a_long_job, "promote": "always"}).json()["job_id"]
        job = wait_until_started(api, job_id)
        allowed = datetime.fromisoformat(job["deadline"]) - datetime.fromisoformat(job["started_at"])
        assert 0 < allowed.total_seconds() <= SHORT_TIMEOUT
        worker = worker_of(up)
        # On a slow machine the emulator may already have killed the worker at its timeout.
        assert worker is not None or datetime.now(UTC) >= datetime.fromisoformat(job["deadline"])
        if worker is not None:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        assert api.post("/predict", json={"animals": [ANIMALS["dog"]]}).status_code == 200
        lost = wait_for_job(api, job_id)
        assert lost["status"] == "failed"
        assert "did not finish before its deadline" in lost["error"]
        assert api.get("/models").json() == before
    finally:
        functions.update_function_configuration(FunctionName=TRAIN, Timeout=configured)
    assert run_job(api, {"promote": "never"})["status"] == "succeeded"
