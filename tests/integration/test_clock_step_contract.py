"""Contract of the stores with a clock that is corrected by two days, tested on the fakes and on the adapters.

Each test stores something, sets the clock forward or back, and continues.
"""

from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from menagerie.animal import Species
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.errors import Conflict
from menagerie.idempotency import IdempotencyKey
from menagerie.job import JobStatus, TrainingRequest
from menagerie.ports.jobs import HEARTBEAT, LEASE, LOST, JobStore
from menagerie.ports.predictions import Cursor, PageRequest, PredictionStore
from menagerie.ulid import new_ulid
from tests.fakes import ManualClock
from tests.integration.conftest import JOBS, PATIENCE
from tests.samples import batch_of, manifest_of

RUN_TIME = timedelta(minutes=15)
STEP = timedelta(days=2)
KEY = IdempotencyKey.of("a key", b"a request")
REQUEST = TrainingRequest()
MANIFEST = manifest_of(b"a model")


both_directions = pytest.mark.parametrize("step", [STEP, -STEP], ids=["forward", "back"])


@both_directions
def test_jobs_are_queued_one_after_another_and_listed_in_that_order(
    jobs: JobStore, clock: ManualClock, step: timedelta
) -> None:
    queued = []
    for by in (timedelta(0), step, timedelta(seconds=1), -step, timedelta(seconds=1)):
        clock.advance(by)
        job = jobs.create(REQUEST)
        assert job.created_at == clock()
        jobs.start(job.job_id, clock() + RUN_TIME)
        jobs.succeed(job.job_id, MANIFEST, promoted=False, reason="not better")
        queued.append(job.job_id)
    assert [job.job_id for job in jobs.recent(10)] == queued[::-1]


def test_a_queued_job_of_a_clock_that_was_ahead_fails_after_the_usual_time(jobs: JobStore, clock: ManualClock) -> None:
    job = jobs.create(REQUEST)
    clock.advance(-STEP)
    assert jobs.get(job.job_id).status is JobStatus.QUEUED
    with pytest.raises(Conflict, match=job.job_id):
        jobs.create(REQUEST)
    clock.advance(PATIENCE)
    lost = jobs.get(job.job_id)
    assert (lost.status, lost.error) == (JobStatus.FAILED, LOST)
    assert jobs.create(REQUEST).job_id == jobs.recent(1)[0].job_id


def test_a_queued_job_of_a_clock_that_was_ahead_can_be_started(jobs: JobStore, clock: ManualClock) -> None:
    job_id = jobs.create(REQUEST).job_id
    clock.advance(-STEP)
    jobs.start(job_id, clock() + RUN_TIME)
    assert jobs.succeed(job_id, MANIFEST, promoted=True, reason="first").status is JobStatus.SUCCEEDED


def test_a_running_job_continues_when_the_clock_is_set_back(jobs: JobStore, clock: ManualClock) -> None:
    job_id = jobs.create(REQUEST).job_id
    deadline = clock() + RUN_TIME
    jobs.start(job_id, deadline)
    clock.advance(-STEP)
    for _ in range(10):
        assert jobs.get(job_id).status is JobStatus.RUNNING
        clock.advance(HEARTBEAT)
        jobs.renew(job_id, deadline)
    assert jobs.succeed(job_id, MANIFEST, promoted=True, reason="first").status is JobStatus.SUCCEEDED


def test_the_job_of_a_lost_worker_fails_in_time_although_the_clock_was_set_back(
    jobs: JobStore, clock: ManualClock
) -> None:
    job_id = jobs.create(REQUEST).job_id
    jobs.start(job_id, clock() + RUN_TIME)
    clock.advance(-STEP)
    assert jobs.get(job_id).status is JobStatus.RUNNING
    clock.advance(LEASE)
    assert jobs.get(job_id).status is JobStatus.FAILED
    assert jobs.create(REQUEST).status is JobStatus.QUEUED


def test_a_running_job_that_expired_by_a_step_forward_cannot_be_updated(jobs: JobStore, clock: ManualClock) -> None:
    job_id = jobs.create(REQUEST).job_id
    deadline = clock() + RUN_TIME
    jobs.start(job_id, deadline)
    clock.advance(STEP)
    assert jobs.get(job_id).status is JobStatus.FAILED
    for late in (
        lambda: jobs.renew(job_id, deadline),
        lambda: jobs.succeed(job_id, MANIFEST, promoted=True, reason="late"),
    ):
        with pytest.raises(Conflict):
            late()
    assert jobs.create(REQUEST).status is JobStatus.QUEUED


def test_a_job_can_be_created_although_the_marker_names_an_older_job_than_the_highest_id(
    dynamodb: DynamoDBClient, clock: ManualClock
) -> None:
    # As earlier versions wrote it, which took the id of a job from the clock alone.
    jobs = DynamoDBJobStore(dynamodb, JOBS, patience=PATIENCE, now=clock)
    first = jobs.create(REQUEST)
    jobs.fail(first.job_id, "no rows")
    older = new_ulid(clock() - STEP)
    item = dynamodb.get_item(TableName=JOBS, Key={"pk": {"S": "job"}, "sk": {"S": first.job_id}})["Item"]
    dynamodb.put_item(TableName=JOBS, Item={**item, "sk": {"S": older}, "job_id": {"S": older}})
    dynamodb.put_item(TableName=JOBS, Item={"pk": {"S": "latest"}, "sk": {"S": "latest"}, "job_id": {"S": older}})
    clock.advance(-STEP)
    for _ in range(2):
        job = jobs.create(REQUEST)
        assert jobs.recent(1) == [job]
        jobs.fail(job.job_id, "no rows")


def all_pages(store: PredictionStore, *, limit: int) -> list[str]:
    listed: list[str] = []
    cursor = None
    while True:
        page = store.page(PageRequest(limit=limit, cursor=cursor))
        listed += [each.id for each in page.items]
        if page.next_cursor is None:
            return listed
        cursor = Cursor.parse(page.next_cursor)


@both_directions
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_predictions_of_either_clock_are_listed_once(
    predictions: PredictionStore, clock: ManualClock, step: timedelta, limit: int
) -> None:
    stored = []
    for by in (timedelta(0), step, timedelta(seconds=1), -step, timedelta(seconds=1), timedelta(hours=13)):
        clock.advance(by)
        batch = predictions.add(batch_of(Species.DOG, Species.CHICKEN, at=clock()))
        stored += [batch.prediction(0).id, batch.prediction(1).id]
    assert sorted(all_pages(predictions, limit=limit)) == sorted(stored)
    assert [predictions.get(each).id for each in stored] == stored


@both_directions
def test_predictions_that_are_stored_while_a_client_pages_are_listed_once_or_not_at_all(
    predictions: PredictionStore, clock: ManualClock, step: timedelta
) -> None:
    before = [predictions.add(batch_of(Species.DOG, at=clock() + n * timedelta(hours=1))) for n in range(4)]
    first = predictions.page(PageRequest(limit=2))
    clock.advance(step)
    predictions.add(batch_of(Species.DOG, at=clock()))
    assert first.next_cursor is not None
    rest = predictions.page(PageRequest(limit=100, cursor=Cursor.parse(first.next_cursor)))
    listed = [each.id for each in (*first.items, *rest.items)]
    assert len(listed) == len(set(listed))
    assert {each.prediction(0).id for each in before} <= set(listed)


@both_directions
def test_a_repeated_request_gets_the_first_predictions(
    predictions: PredictionStore, clock: ManualClock, step: timedelta
) -> None:
    first = predictions.add(batch_of(Species.DOG, at=clock()), KEY)
    clock.advance(step)
    assert predictions.find_by_key(KEY) == first
    assert predictions.add(batch_of(Species.CHICKEN, at=clock()), KEY) == first
    assert len(predictions.page(PageRequest()).items) == 1


@both_directions
def test_a_repeated_retraining_request_gets_the_first_job(jobs: JobStore, clock: ManualClock, step: timedelta) -> None:
    first = jobs.create(REQUEST, KEY)
    jobs.fail(first.job_id, "no rows")
    clock.advance(step)
    assert jobs.create(REQUEST, KEY) == first
    assert len(jobs.recent(10)) == 1
