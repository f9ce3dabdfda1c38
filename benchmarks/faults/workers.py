"""Kill workers and promote models while clients predict."""

import os
import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.faults.outcome import Outcome
from benchmarks.faults.writers import Record, compare, writing
from tests.waiting import wait_until

if TYPE_CHECKING:
    import httpx2

    from benchmarks.stack import RunningStack

SECONDS_BETWEEN_KILLS = (0.5, 3.0)
SECONDS_BETWEEN_PROMOTIONS = 1.0


def kill_predict_workers(stack: "RunningStack", times: int, clients: int = 4) -> Outcome:
    """Kill processes of the predict function at random moments; clients retry failed requests."""
    outcome = Outcome("worker of predict killed")
    moments = random.Random(0)
    record = Record()
    with writing(record, stack.api, stack.api_key, clients):
        while outcome.injected < times:
            worker = wait_until(lambda: _workers(stack, "menagerie-predict"), what="a worker", process=stack.up.process)
            os.kill(moments.choice(worker), signal.SIGKILL)
            outcome.injected += 1
            time.sleep(moments.uniform(*SECONDS_BETWEEN_KILLS))
    compare(outcome, record, stack.table, stack.table_name, before=time.monotonic())
    return outcome


def kill_train_workers(stack: "RunningStack", times: int) -> Outcome:
    """Kill the process of a training; its job must count as failed within two minutes, and the next one succeed."""
    outcome = Outcome("worker of train killed")
    with stack.client() as client:
        for _ in range(times):
            before = client.get(f"{stack.api}/models").json()
            job = _started(client, stack, number_of_datapoints=1_000_000)
            _wait_for_status(client, stack, job, "running")
            for worker in _workers(stack, "menagerie-train"):
                os.kill(worker, signal.SIGKILL)
            outcome.injected += 1
            killed = time.monotonic()
            ended = _wait_for_status(client, stack, job, "succeeded", "failed")
            if ended["status"] != "failed" or time.monotonic() - killed > 130:
                outcome.wrong += 1
                outcome.note(f"job after its worker was killed: {ended}")
            if client.get(f"{stack.api}/models").json() != before:
                outcome.wrong += 1
                outcome.note("a killed worker changed the models")
            following = _wait_for_status(client, stack, _started(client, stack), "succeeded", "failed")
            outcome.answered += following["status"] == "succeeded"
    return outcome


def promote_under_load(stack: "RunningStack", times: int, clients: int = 8) -> Outcome:
    """Promote one of two models and roll back, in turn, while clients predict."""
    outcome = Outcome(f"promotion or rollback under {clients} clients")
    record = Record()
    with stack.client() as client:
        first = client.get(f"{stack.api}/models").json()["current"]
        job = _wait_for_status(client, stack, _started(client, stack, seed=11), "succeeded", "failed")
        versions = (job["model_version"], first)
        with writing(record, stack.api, stack.api_key, clients):
            for turn in range(times):
                answer = client.put(f"{stack.api}/models/current", json={"version": versions[turn % 2]})
                outcome.injected += answer.is_success
                if not answer.is_success:
                    outcome.wrong += 1
                    outcome.note(f"promotion {turn}: {answer.status_code} {answer.text}")
                time.sleep(SECONDS_BETWEEN_PROMOTIONS)
    # There is no fault here, so every response must be a success.
    outcome.unexplained += sum(count for status, count in record.statuses.items() if status in (0, *range(500, 600)))
    record.unexplained.clear()
    compare(outcome, record, stack.table, stack.table_name, before=time.monotonic())
    return outcome


def _workers(stack: "RunningStack", function: str) -> list[int]:
    needle = f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode()
    found = []
    for pid in stack.up.processes():
        try:
            if needle in Path(f"/proc/{pid}/environ").read_bytes():
                found.append(pid)
        except OSError:  # the process has just ended
            continue
    return found


def _started(client: "httpx2.Client", stack: "RunningStack", **source: int) -> str:
    body = {"source": {"kind": "data-service", **source}, "promote": "never"}
    answer = wait_until(lambda: _accepted(client, stack, body), what="no other job to run", process=stack.up.process)
    return str(answer["job_id"])


def _accepted(client: "httpx2.Client", stack: "RunningStack", body: object) -> dict[str, Any]:
    answer = client.post(f"{stack.api}/retrain", json=body)
    if answer.status_code == 409:
        return {}
    answer.raise_for_status()
    return dict(answer.json())


def _wait_for_status(client: "httpx2.Client", stack: "RunningStack", job_id: str, *statuses: str) -> dict[str, Any]:
    def ended() -> dict[str, Any]:
        job: dict[str, Any] = client.get(f"{stack.api}/retrain/{job_id}").json()
        return job if job["status"] in statuses else {}

    return wait_until(ended, what=f"job {job_id} to be {' or '.join(statuses)}", process=stack.up.process)
