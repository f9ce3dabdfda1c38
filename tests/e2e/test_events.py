"""Jobs that are started by events on the embedded cloud: an upload, the end of a job, the schedule."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from cloud.clients import Clients
from cloud.commands.options import clients_for
from cloud.deployment import STACK_NAME
from tests.e2e.conftest import Up
from tests.e2e.test_jobs import csv_lines, start_job, upload
from tests.e2e.test_routes import ANIMALS, wait_for_job
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Found = dict[str, Any]


def job_from(api: httpx2.Client, **source: str) -> Found | None:
    for job in api.get("/retrain?limit=10").json()["items"]:
        if source.items() <= job["request"]["source"].items():
            return dict(job)
    return None


@pytest.fixture(scope="module")
def clients(up: Up) -> Clients:
    return clients_for(up.state_dir)


@pytest.fixture(scope="module", autouse=True)
def new_feedback(api: httpx2.Client, clients: Clients) -> Iterator[datetime]:
    """Give feedback and run the schedule every minute during these tests; the value is the time of the feedback."""
    given_at = datetime.now(UTC)
    predictions = api.post("/predict", json={"animals": [ANIMALS["dog"]] * 10}).json()["predictions"]
    for each in predictions:
        api.put(f"/predictions/{each['id']}/feedback", json={"species": "dog"}).raise_for_status()
    events = clients.session.client("events", endpoint_url=clients.endpoint_url)
    (rule,) = [each for each in events.list_rules()["Rules"] if each["Name"].startswith(f"{STACK_NAME}-FeedbackDue")]
    assert rule["State"] == "DISABLED"
    events.put_rule(Name=rule["Name"], ScheduleExpression="cron(* * * * ? *)", State="ENABLED")
    yield given_at
    events.put_rule(Name=rule["Name"], ScheduleExpression=rule["ScheduleExpression"], State="DISABLED")


def test_a_file_that_is_uploaded_during_a_job_is_used_after_that_job(api: httpx2.Client, up: Up) -> None:
    running = start_job(api, {"promote": "never"}).json()["job_id"]
    key = "datasets/ZOO.CSV"
    upload(up, key, csv_lines(9, 600))
    job = wait_until(lambda: job_from(api, kind="dataset", key=key), what="a job for the file")
    ended = wait_for_job(api, job["job_id"])
    assert ended["status"] == "succeeded", ended
    assert api.get(f"/models/{ended['model_version']}").json()["training"]["key"] == key
    assert ended["started_at"] > wait_for_job(api, running)["finished_at"]


def test_the_end_of_a_job_is_published_on_the_event_bus(api: httpx2.Client, clients: Clients) -> None:
    began = int(time.time() * 1000)
    wait_for_job(api, start_job(api, {"promote": "never"}).json()["job_id"])

    def logged() -> Found | None:
        answer = clients.logs.filter_log_events(logGroupName="/aws/lambda/menagerie-retrain", startTime=began)
        return next((dict(e) for e in answer["events"] if '"event_source":"menagerie"' in e["message"]), None)

    wait_until(logged, what="the retrain function to log the event")


def test_the_schedule_starts_a_retraining_if_there_is_enough_new_feedback(
    api: httpx2.Client, new_feedback: datetime
) -> None:
    def new_job() -> Found | None:
        job = job_from(api, kind="feedback")
        return job if job and datetime.fromisoformat(job["created_at"]) >= new_feedback else None

    ended = wait_for_job(api, wait_until(new_job, what="the schedule to start a job")["job_id"])
    assert ended["status"] == "succeeded", ended
    assert ended["request"]["promote"] == "if-better"
