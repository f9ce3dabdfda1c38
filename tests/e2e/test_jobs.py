"""Retraining jobs through the emulated gateway: sources, keys, and a worker that is killed."""

import os
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from cloud.commands.target import clients_for
from cloud.deployment import outputs
from data_service.generator import rows
from tests.e2e.conftest import Up, menagerie
from tests.e2e.test_routes import ANIMALS, finished, is_problem, wait_for_jobs
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TRAIN = "menagerie-train"
SHORT_TIMEOUT = 8
HEADER = "walks_on_n_legs,height,weight,has_wings,has_tail"


def when_free(api: httpx2.Client, body: dict[str, Any], **headers: str) -> httpx2.Response:
    """Ask for a job as soon as no other one runs."""

    def accepted() -> httpx2.Response | None:
        answer = api.post("/retrain", json=body, headers=headers)
        assert answer.status_code in (202, 409), answer.text
        return answer if answer.status_code == 202 else None

    return wait_until(accepted, what="the running job to end")


def done(api: httpx2.Client, body: dict[str, Any]) -> dict[str, Any]:
    return finished(api, when_free(api, body).json()["job_id"])


def upload(up: Up, key: str, lines: list[str]) -> None:
    clients = clients_for(up.state_dir)
    body = "\n".join([HEADER, *lines, ""]).encode()
    clients.s3.put_object(Bucket=outputs(clients)["ModelsBucketName"], Key=key, Body=body)


def csv_lines(seed: int, count: int) -> list[str]:
    return [",".join(map(str, row)) for row in rows(seed, count)]


def test_feedback_makes_a_model_on_the_rows_of_the_one_before(api: httpx2.Client) -> None:
    before = done(api, {"promote": "always"})["model_version"]
    pony = {**ANIMALS["dog"], "height": 1.1}
    animals = [{**pony, "weight": 120 + n / 10} for n in range(12)]
    asked = {"animals": animals, "model_version": before}
    predictions = api.post("/predict", json=asked).json()["predictions"]
    assert {each["species"] for each in predictions} == {"unknown"}
    for each in predictions:
        assert api.put(f"/predictions/{each['id']}/feedback", json={"species": "dog"}).status_code == 200
    job = done(api, {"source": {"kind": "feedback"}, "promote": "never"})
    assert job["status"] == "succeeded", job
    manifest = api.get(f"/models/{job['model_version']}").json()
    training = manifest["training"]
    assert (training["kind"], manifest["parent"], training["rows_file"]) == ("feedback", before, "rows.csv.gz")
    assert training["feedback_rows"] >= 12
    answer = api.post("/predict", json={"animals": animals, "model_version": job["model_version"]})
    assert {each["species"] for each in answer.json()["predictions"]} == {"dog"}


def test_the_bad_lines_of_a_dataset_are_named_by_its_job(api: httpx2.Client, up: Up) -> None:
    # Not under a name that starts a job by itself.
    lines = csv_lines(5, 300)
    lines[6] = "4,-1,20,False,True"
    upload(up, "datasets/bad.csv", lines)
    job = done(api, {"source": {"kind": "dataset", "key": "datasets/bad.csv"}})
    assert job["status"] == "failed"
    assert "1 of 300 rows of datasets/bad.csv are no valid animals: line 8: height" in job["error"]


def test_a_key_makes_a_repetition_the_same_answer(api: httpx2.Client) -> None:
    body = {"animals": [ANIMALS["dog"]]}
    key = str(uuid4())
    first, second = (api.post("/predict", json=body, headers={"Idempotency-Key": key}) for _ in range(2))
    assert first.status_code == 200
    assert second.content == first.content
    is_problem(api.post("/predict", json={**body, "animals": []}, headers={"Idempotency-Key": key}), 422)
    is_problem(api.post("/predict", json={"animals": [ANIMALS["chicken"]]}, headers={"Idempotency-Key": key}), 422)
    asked = {"promote": "never"}
    accepted = when_free(api, asked, **{"Idempotency-Key": key})
    finished(api, accepted.json()["job_id"])
    again = api.post("/retrain", json=asked, headers={"Idempotency-Key": key})
    assert (again.status_code, again.content) == (202, accepted.content)
    assert again.headers["location"] == accepted.headers["location"]


def test_the_command_line_waits_for_a_job_and_lists_its_model(api: httpx2.Client, up: Up) -> None:
    wait_for_jobs(api)
    state = ("--state-dir", up.state_dir)
    waited = menagerie("retrain", "--promote", "never", "--wait", *state)
    assert waited.returncode == 0, waited.stderr
    version = waited.stdout.split()[1].rstrip(",")
    listed = menagerie("models", "list", *state)
    assert version in listed.stdout, listed.stderr
    missing = menagerie("models", "promote", "nothing", *state)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)


def worker_of(up: Up) -> int | None:
    """Return the process that runs the training function."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                told = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(up.state_dir) in told and f"-{TRAIN}-" in told and "_worker" in told:
                return int(folder.name)
    return None


def started(api: httpx2.Client, job_id: str) -> dict[str, Any]:
    """Return a job once a worker has taken it."""

    def job() -> dict[str, Any] | None:
        job: dict[str, Any] = api.get(f"/retrain/{job_id}").json()
        return job if job["status"] != "queued" else None

    return wait_until(job, what="a worker to take the job")


def test_a_worker_that_is_killed_leaves_a_failed_job_and_nothing_to_clean_up(api: httpx2.Client, up: Up) -> None:
    functions = clients_for(up.state_dir).functions
    wait_for_jobs(api)
    configured = functions.get_function_configuration(FunctionName=TRAIN)["Timeout"]
    functions.update_function_configuration(FunctionName=TRAIN, Timeout=SHORT_TIMEOUT)
    try:
        before = api.get("/models").json()
        rows_of_a_long_job = {"kind": "data-service", "number_of_datapoints": 1_000_000}
        job_id = when_free(api, {"source": rows_of_a_long_job, "promote": "always"}).json()["job_id"]
        job = started(api, job_id)
        allowed = datetime.fromisoformat(job["deadline"]) - datetime.fromisoformat(job["started_at"])
        assert 0 < allowed.total_seconds() <= SHORT_TIMEOUT
        worker = worker_of(up)
        # On a machine so slow that the function's time is over by now, the emulator has killed it; that is as good.
        assert worker is not None or datetime.now(UTC) >= datetime.fromisoformat(job["deadline"])
        if worker is not None:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        assert api.post("/predict", json={"animals": [ANIMALS["dog"]]}).status_code == 200
        lost = finished(api, job_id)
        assert lost["status"] == "failed"
        assert "did not finish before its deadline" in lost["error"]
        assert api.get("/models").json() == before
    finally:
        functions.update_function_configuration(FunctionName=TRAIN, Timeout=configured)
    assert done(api, {"promote": "never"})["status"] == "succeeded"
