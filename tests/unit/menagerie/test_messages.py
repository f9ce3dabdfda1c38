"""The event that is published when a job ends."""

import json
from datetime import timedelta
from typing import Any

import pytest

from menagerie.aws.messages import JobEvents
from menagerie.errors import Unavailable
from menagerie.job import TrainingRequest
from tests.fakes import InMemoryJobs


class Bus:
    """Stores the events that are put on it, or reports them as failed."""

    def __init__(self, failed: int = 0) -> None:
        self.failed = failed
        self.entries: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.entries += Entries
        return {"FailedEntryCount": self.failed, "Entries": [{"ErrorCode": "ThrottlingException"}] * self.failed}


def test_the_end_of_a_job_is_one_event_with_its_document() -> None:
    jobs, bus = InMemoryJobs(patience=timedelta(minutes=6)), Bus()
    job = jobs.fail(jobs.create(TrainingRequest()).job_id, "no rows")
    JobEvents(bus, "menagerie").ended(job)
    (entry,) = bus.entries
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "menagerie",
        "menagerie",
        "Retraining failed",
    )
    assert json.loads(entry["Detail"]) == job.model_dump(mode="json")


def test_an_event_that_the_bus_refuses_is_unavailable() -> None:
    jobs = InMemoryJobs(patience=timedelta(minutes=6))
    with pytest.raises(Unavailable, match="ThrottlingException"):
        JobEvents(Bus(failed=1), "menagerie").ended(jobs.create(TrainingRequest()))
