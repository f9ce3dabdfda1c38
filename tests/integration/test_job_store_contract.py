"""Contract of the job store, tested on the fake and on the DynamoDB adapter."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from menagerie.errors import Conflict, NotFound
from menagerie.job import DataServiceSource, JobStatus, Stage, TrainingRequest
from menagerie.ports.jobs import HEARTBEAT, LOST, JobStore
from menagerie.ulid import new_ulid
from tests.fakes import ManualClock
from tests.integration.conftest import PATIENCE
from tests.samples import NOON, manifest_of

REQUEST = TrainingRequest(source=DataServiceSource(seed=7, number_of_datapoints=500), promote="always")
MANIFEST = manifest_of(b"a model")


def test_a_new_job_is_queued_with_its_request(jobs: JobStore) -> None:
    job = jobs.create(REQUEST)
    assert job.status is JobStatus.QUEUED
    assert job.request == REQUEST
    assert job.created_at == NOON
    assert jobs.get(job.job_id) == job


def test_a_job_is_queued_then_running_then_succeeded(jobs: JobStore, clock: ManualClock) -> None:
    job_id = jobs.create(REQUEST).job_id
    started_at = clock.advance(timedelta(seconds=1))
    assert jobs.start(job_id, started_at + timedelta(minutes=15)).status is JobStatus.RUNNING
    jobs.progress(job_id, Stage.LABELLING, 0.25)
    running = jobs.get(job_id)
    assert (running.status, running.stage, running.progress) == (JobStatus.RUNNING, Stage.LABELLING, 0.25)
    finished_at = clock.advance(timedelta(seconds=9))
    job = jobs.succeed(job_id, MANIFEST, promoted=True, reason="first model")
    assert job == jobs.get(job_id)
    assert (job.status, job.progress, job.promoted, job.reason) == (JobStatus.SUCCEEDED, 1, True, "first model")
    assert (job.started_at, job.finished_at) == (started_at, finished_at)
    assert (job.model_version, job.metrics) == (MANIFEST.version, MANIFEST.metrics)


def test_a_failed_job_has_the_error(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).job_id
    jobs.start(job_id, NOON + PATIENCE)
    job = jobs.fail(job_id, "three groups of animals, not four")
    assert job == jobs.get(job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, "three groups of animals, not four")


def test_a_second_job_is_refused_while_one_is_queued_or_running(jobs: JobStore) -> None:
    first = jobs.create(REQUEST)
    with pytest.raises(Conflict, match=first.job_id):
        jobs.create(REQUEST)
    jobs.start(first.job_id, NOON + PATIENCE)
    with pytest.raises(Conflict, match=first.job_id):
        jobs.create(REQUEST)


@pytest.mark.parametrize("ending", ["succeeds", "fails", "is lost"])
def test_the_next_job_can_be_created_when_the_last_one_has_ended(
    jobs: JobStore, clock: ManualClock, ending: str
) -> None:
    first = jobs.create(REQUEST)
    jobs.start(first.job_id, NOON + PATIENCE)
    if ending == "succeeds":
        jobs.succeed(first.job_id, MANIFEST, promoted=False, reason="not better")
    elif ending == "fails":
        jobs.fail(first.job_id, "no rows")
    clock.advance(PATIENCE)
    second = jobs.create(REQUEST)
    assert [job.job_id for job in jobs.recent(10)] == [second.job_id, first.job_id]
    assert [job.job_id for job in jobs.recent(1)] == [second.job_id]


def test_a_job_that_is_delivered_twice_starts_once(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).job_id
    jobs.start(job_id, NOON + PATIENCE)
    with pytest.raises(Conflict):
        jobs.start(job_id, NOON + PATIENCE)


@pytest.mark.parametrize("started", [True, False])
def test_a_job_fails_at_its_deadline(jobs: JobStore, clock: ManualClock, started: bool) -> None:
    job_id = jobs.create(REQUEST).job_id
    deadline = NOON + PATIENCE
    if started:
        deadline = NOON + timedelta(minutes=1)
        jobs.start(job_id, deadline)
    clock.now = deadline
    job = jobs.get(job_id)
    assert (job.status, job.error, job.finished_at) == (JobStatus.FAILED, LOST, deadline)
    assert jobs.recent(1) == [job]


def test_a_job_fails_within_two_minutes_after_its_worker_stops_renewing_the_lease(
    jobs: JobStore, clock: ManualClock
) -> None:
    job_id = jobs.create(REQUEST).job_id
    deadline = NOON + timedelta(minutes=15)
    jobs.start(job_id, deadline)
    for _ in range(9):
        clock.advance(HEARTBEAT)
        jobs.renew(job_id, deadline)
        assert jobs.get(job_id).status is JobStatus.RUNNING
    killed_at = clock.now
    while jobs.get(job_id).status is JobStatus.RUNNING:
        clock.advance(timedelta(seconds=1))
    assert clock.now - killed_at <= timedelta(minutes=2)
    job = jobs.get(job_id)
    assert (job.error, job.finished_at, job.deadline) == (LOST, clock.now, deadline)
    with pytest.raises(Conflict):
        jobs.renew(job_id, deadline)


def test_a_lease_is_not_renewed_beyond_the_deadline(jobs: JobStore, clock: ManualClock) -> None:
    job_id = jobs.create(REQUEST).job_id
    deadline = NOON + timedelta(seconds=100)
    jobs.start(job_id, deadline)
    clock.now = deadline - timedelta(seconds=20)
    jobs.renew(job_id, deadline)
    clock.now = deadline
    assert jobs.get(job_id).status is JobStatus.FAILED


def test_a_worker_cannot_update_its_job_after_the_deadline(jobs: JobStore, clock: ManualClock) -> None:
    job_id = jobs.create(REQUEST).job_id
    jobs.start(job_id, NOON + PATIENCE)
    clock.advance(PATIENCE)
    late: list[Callable[[], object]] = [
        lambda: jobs.start(job_id, clock.now + PATIENCE),
        lambda: jobs.progress(job_id, Stage.FITTING, 0.5),
        lambda: jobs.succeed(job_id, MANIFEST, promoted=True, reason="late"),
        lambda: jobs.fail(job_id, "late"),
    ]
    for call in late:
        with pytest.raises(Conflict):
            call()
    assert jobs.get(job_id).error == LOST


def test_a_finished_job_cannot_be_updated(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).job_id
    jobs.start(job_id, NOON + PATIENCE)
    done = jobs.succeed(job_id, MANIFEST, promoted=True, reason="first model")
    with pytest.raises(Conflict):
        jobs.fail(job_id, "too late")
    with pytest.raises(Conflict):
        jobs.progress(job_id, Stage.FITTING, 0.5)
    assert jobs.get(job_id) == done


@pytest.mark.parametrize(
    "job_id", ["01KG9YS7G0CMGJ51PYK3YN6HD1", "no-such-job", "", pytest.param("a" * 3000, id="3000 letters")]
)
def test_an_unknown_job_is_not_found(jobs: JobStore, job_id: str) -> None:
    with pytest.raises(NotFound):
        jobs.get(job_id)


def test_an_unknown_job_cannot_be_started(jobs: JobStore) -> None:
    with pytest.raises(NotFound):
        jobs.start(new_ulid(NOON), NOON + PATIENCE)


def test_deferred_requests_are_stored_once_until_they_are_deleted(jobs: JobStore) -> None:
    other = TrainingRequest()
    for request in (REQUEST, other, REQUEST):
        jobs.defer(request)
    assert sorted(jobs.deferred(), key=str) == sorted([REQUEST, other], key=str)
    for _ in range(2):
        jobs.delete_deferred(REQUEST)
        assert jobs.deferred() == [other]
