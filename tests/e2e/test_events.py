"""Jobs that no request asks for, on the embedded cloud: a file lands, a job ends, the clock strikes."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from cloud.clients import Clients
from cloud.commands.target import clients_for
from cloud.deployment import STACK_NAME
from tests.e2e.conftest import Up
from tests.e2e.test_jobs import csv_lines, upload, when_free
from tests.e2e.test_routes import ANIMALS, finished

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Found = dict[str, Any]


def first(look: Callable[[], Found | None], seconds: float) -> Found:
    """Return what is found, looking again and again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.3)
    raise AssertionError(f"nothing was found within {seconds} s")


def job_from(api: httpx2.Client, **source: str) -> Found | None:
    for job in api.get("/retrain?limit=10").json()["items"]:
        if source.items() <= job["request"]["source"].items():
            return dict(job)
    return None


@pytest.fixture(scope="module")
def clients(up: Up) -> Clients:
    return clients_for(up.state_dir)


@pytest.fixture(scope="module", autouse=True)
def every_minute(clients: Clients) -> Iterator[None]:
    """Let the clock strike at each full minute, while these tests run."""
    events = clients.session.client("events", endpoint_url=clients.endpoint_url)
    (rule,) = [each for each in events.list_rules()["Rules"] if each["Name"].startswith(f"{STACK_NAME}-FeedbackDue")]
    assert rule["State"] == "DISABLED"
    events.put_rule(Name=rule["Name"], ScheduleExpression="cron(* * * * ? *)", State="ENABLED")
    yield
    events.put_rule(Name=rule["Name"], ScheduleExpression="rate(1 day)", State="DISABLED")


def test_a_file_that_lands_while_a_job_runs_is_trained_on_when_that_has_ended(api: httpx2.Client, up: Up) -> None:
    running = when_free(api, {"promote": "never"}).json()["job_id"]
    key = f"datasets/ZOO-{time.time_ns()}.CSV"
    upload(up, key, csv_lines(9, 600))
    job = first(lambda: job_from(api, kind="dataset", key=key), 60)
    ended = finished(api, job["job_id"])
    assert ended["status"] == "succeeded", ended
    assert api.get(f"/models/{ended['model_version']}").json()["training"]["key"] == key
    assert ended["started_at"] > finished(api, running)["finished_at"]


def test_the_end_of_a_job_is_heard_on_the_bus(api: httpx2.Client, clients: Clients) -> None:
    began = int(time.time() * 1000)
    finished(api, when_free(api, {"promote": "never"}).json()["job_id"])

    def heard() -> Found | None:
        answer = clients.logs.filter_log_events(logGroupName="/aws/lambda/menagerie-retrain", startTime=began)
        return next((dict(e) for e in answer["events"] if '"event_source":"menagerie"' in e["message"]), None)

    first(heard, 20)


def test_the_clock_starts_a_retraining_once_there_is_enough_new_feedback(api: httpx2.Client) -> None:
    predictions = api.post("/predict", json={"animals": [ANIMALS["dog"]] * 10}).json()["predictions"]
    before = job_from(api, kind="feedback")
    for each in predictions:
        api.put(f"/predictions/{each['id']}/feedback", json={"species": "dog"})

    def new_job() -> Found | None:
        job = job_from(api, kind="feedback")
        return job if job and (before is None or job["job_id"] != before["job_id"]) else None

    ended = finished(api, first(new_job, 90)["job_id"])
    assert ended["status"] == "succeeded", ended
    assert ended["request"]["promote"] == "if-better"
