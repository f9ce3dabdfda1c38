"""Contract of idempotency keys in both stores, tested on the fakes and on the DynamoDB adapters."""

from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from menagerie.animal import Species
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.errors import Conflict, KeyReused
from menagerie.idempotency import CLOCK_STEP, KEPT, IdempotencyKey
from menagerie.job import JobStatus, TrainingRequest
from menagerie.ports.jobs import JobStore
from menagerie.ports.predictions import PageRequest, PredictionStore
from tests.fakes import ManualClock
from tests.integration.conftest import PATIENCE, PREDICTIONS
from tests.samples import NOON, batch_of

KEY = IdempotencyKey.of("a key", b"a request")
SAME_KEY = IdempotencyKey.of("a key", b"another request")
REQUEST = TrainingRequest()


def test_predictions_of_one_key_are_stored_once(predictions: PredictionStore) -> None:
    first, second = batch_of(Species.DOG), batch_of(Species.CHICKEN)
    assert predictions.find_by_key(KEY) is None
    assert predictions.add(first, KEY) == first
    assert predictions.find_by_key(KEY) == first
    assert predictions.add(second, KEY) == first
    assert predictions.page(PageRequest()).items == [first.prediction(0)]


def test_predictions_of_another_request_with_the_same_key_are_refused(predictions: PredictionStore) -> None:
    predictions.add(batch_of(Species.DOG), KEY)
    with pytest.raises(KeyReused):
        predictions.find_by_key(SAME_KEY)
    with pytest.raises(KeyReused):
        predictions.add(batch_of(Species.DOG), SAME_KEY)
    assert len(predictions.page(PageRequest()).items) == 1


def test_a_job_of_one_key_is_queued_once_and_returned_as_it_was_queued(jobs: JobStore) -> None:
    assert jobs.find_by_key(KEY) is None
    job = jobs.create(REQUEST, KEY)
    jobs.start(job.job_id, NOON + PATIENCE)
    assert jobs.create(REQUEST, KEY) == jobs.find_by_key(KEY) == job
    assert jobs.get(job.job_id).status is JobStatus.RUNNING
    jobs.fail(job.job_id, "no rows")
    assert jobs.create(REQUEST, KEY) == job
    assert len(jobs.recent(10)) == 1


def test_a_job_of_another_request_with_the_same_key_is_refused(jobs: JobStore) -> None:
    jobs.create(REQUEST, KEY)
    with pytest.raises(KeyReused):
        jobs.create(REQUEST, SAME_KEY)


def test_a_key_can_be_sent_again_after_its_job_was_refused(jobs: JobStore) -> None:
    other = jobs.create(REQUEST)
    with pytest.raises(Conflict, match=other.job_id):
        jobs.create(REQUEST, KEY)
    jobs.fail(other.job_id, "no rows")
    assert jobs.create(REQUEST, KEY).status is JobStatus.QUEUED


def test_a_deleted_key_queues_a_new_job(jobs: JobStore) -> None:
    first = jobs.create(REQUEST, KEY)
    jobs.fail(first.job_id, "the worker could not be started")
    jobs.delete_key(KEY)
    assert jobs.create(REQUEST, SAME_KEY).job_id != first.job_id


def test_a_key_that_has_expired_but_is_still_stored_can_be_used_again(jobs: JobStore, clock: ManualClock) -> None:
    job = jobs.create(REQUEST, KEY)
    jobs.fail(job.job_id, "no rows")
    clock.advance(KEPT + CLOCK_STEP + timedelta(seconds=1))
    assert jobs.find_by_key(SAME_KEY) is None
    assert jobs.create(REQUEST, SAME_KEY).job_id != job.job_id


def test_two_concurrent_requests_with_one_key_get_the_same_predictions(predictions: PredictionStore) -> None:
    first = predictions.add(batch_of(Species.DOG), KEY)
    # Without finding the key first, as the slower of the two requests does.
    assert predictions.add(batch_of(Species.DOG), KEY) == first


def test_keys_expire_by_the_attribute_that_the_template_names(dynamodb: DynamoDBClient) -> None:
    DynamoDBPredictionStore(dynamodb, PREDICTIONS, now=lambda: NOON).add(batch_of(Species.DOG), KEY)
    item = dynamodb.get_item(TableName=PREDICTIONS, Key={"pk": {"S": "key#a key"}, "sk": {"S": "key"}})["Item"]
    assert float(item["forget_at"]["N"]) == (NOON + KEPT + CLOCK_STEP).timestamp()
