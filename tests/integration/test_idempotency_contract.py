"""What a key does in either store: the fakes of the unit tests and the adapters of DynamoDB alike."""

from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from menagerie.animal import Species
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.clock import utc_now
from menagerie.errors import Conflict, KeyReused
from menagerie.idempotency import CLOCK_STEP, KEPT, IdempotencyKey
from menagerie.job import JobStatus, TrainingRequest
from menagerie.job_store import JobStore
from menagerie.prediction_store import PageRequest, PredictionStore
from tests.fakes import InMemoryJobs, InMemoryPredictions
from tests.integration.conftest import JOBS, PREDICTIONS
from tests.samples import batch_of

KEY = IdempotencyKey.of("a key", b"a request")
SAME_KEY = IdempotencyKey.of("a key", b"another request")
PATIENCE = timedelta(minutes=6)
REQUEST = TrainingRequest()


@pytest.fixture(params=["in memory", "DynamoDB"])
def predictions(request: pytest.FixtureRequest) -> PredictionStore:
    if request.param == "in memory":
        return InMemoryPredictions()
    return DynamoDBPredictionStore(request.getfixturevalue("dynamodb"), PREDICTIONS)


@pytest.fixture(params=["in memory", "DynamoDB"])
def jobs(request: pytest.FixtureRequest) -> JobStore:
    if request.param == "in memory":
        return InMemoryJobs(patience=PATIENCE)
    return DynamoDBJobStore(request.getfixturevalue("dynamodb"), JOBS, patience=PATIENCE)


def test_predictions_of_one_key_are_stored_once_and_found_again(predictions: PredictionStore) -> None:
    first, second = batch_of(Species.DOG, at=utc_now()), batch_of(Species.CHICKEN, at=utc_now())
    assert predictions.find_by_key(KEY) is None
    assert predictions.add(first, KEY) == first
    assert predictions.find_by_key(KEY) == first
    assert predictions.add(second, KEY) == first
    assert predictions.page(PageRequest()).items == [first.prediction(0)]


def test_predictions_of_another_request_with_the_same_key_are_refused(predictions: PredictionStore) -> None:
    predictions.add(batch_of(Species.DOG, at=utc_now()), KEY)
    with pytest.raises(KeyReused):
        predictions.find_by_key(SAME_KEY)
    with pytest.raises(KeyReused):
        predictions.add(batch_of(Species.DOG, at=utc_now()), SAME_KEY)
    assert len(predictions.page(PageRequest()).items) == 1


def test_a_job_of_one_key_is_queued_once_and_told_as_it_was_then(jobs: JobStore) -> None:
    assert jobs.find_by_key(KEY) is None
    job = jobs.create(REQUEST, KEY)
    jobs.start(job.job_id, utc_now() + PATIENCE)
    assert jobs.create(REQUEST, KEY) == jobs.find_by_key(KEY) == job
    assert jobs.get(job.job_id).status is JobStatus.RUNNING
    jobs.fail(job.job_id, "no rows")
    assert jobs.create(REQUEST, KEY) == job
    assert len(jobs.recent(10)) == 1


def test_a_job_of_another_request_with_the_same_key_is_refused(jobs: JobStore) -> None:
    jobs.create(REQUEST, KEY)
    with pytest.raises(KeyReused):
        jobs.create(REQUEST, SAME_KEY)


def test_a_key_whose_job_was_refused_because_another_runs_can_be_tried_again(jobs: JobStore) -> None:
    other = jobs.create(REQUEST)
    with pytest.raises(Conflict, match=other.job_id):
        jobs.create(REQUEST, KEY)
    jobs.fail(other.job_id, "no rows")
    assert jobs.create(REQUEST, KEY).status is JobStatus.QUEUED


def test_a_forgotten_key_queues_a_new_job(jobs: JobStore) -> None:
    first = jobs.create(REQUEST, KEY)
    jobs.fail(first.job_id, "the worker could not be started")
    jobs.delete_key(KEY)
    assert jobs.create(REQUEST, SAME_KEY).job_id != first.job_id


def test_a_key_that_has_expired_but_was_not_deleted_yet_is_free(dynamodb: DynamoDBClient) -> None:
    now = utc_now()
    before = DynamoDBJobStore(dynamodb, JOBS, patience=PATIENCE, now=lambda: now)
    job = before.create(REQUEST, KEY)
    before.fail(job.job_id, "no rows")
    gone = now + KEPT + CLOCK_STEP + timedelta(seconds=1)
    later = DynamoDBJobStore(dynamodb, JOBS, patience=PATIENCE, now=lambda: gone)
    assert later.find_by_key(SAME_KEY) is None
    assert later.create(REQUEST, SAME_KEY).job_id != job.job_id


def test_of_two_requests_with_one_key_at_once_both_get_the_first_answer(dynamodb: DynamoDBClient) -> None:
    first = batch_of(Species.DOG, at=utc_now())
    DynamoDBPredictionStore(dynamodb, PREDICTIONS).add(first, KEY)
    # Without a look at the key before, as whoever came second does.
    second = DynamoDBPredictionStore(dynamodb, PREDICTIONS).add(batch_of(Species.DOG, at=utc_now()), KEY)
    assert second == first


def test_keys_are_forgotten_by_the_attribute_that_the_template_names(dynamodb: DynamoDBClient) -> None:
    DynamoDBPredictionStore(dynamodb, PREDICTIONS).add(batch_of(Species.DOG, at=utc_now()), KEY)
    item = dynamodb.get_item(TableName=PREDICTIONS, Key={"pk": {"S": "key#a key"}, "sk": {"S": "key"}})["Item"]
    left = float(item["forget_at"]["N"]) - utc_now().timestamp()
    assert left == pytest.approx((KEPT + CLOCK_STEP).total_seconds(), abs=60)
