"""Stored items that are damaged or were not written by this application are skipped, counted, and reported."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from menagerie.animal import Species
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.errors import NotFound, Unreadable
from menagerie.idempotency import IdempotencyKey
from menagerie.job import DataServiceSource, JobStatus, TrainingRequest
from menagerie.ports.predictions import Cursor, PageRequest
from menagerie.prediction import Feedback
from menagerie.ulid import new_ulid
from tests.integration.conftest import JOBS, PREDICTIONS
from tests.samples import NOON, batch_of

DOG, CHICKEN = Species.DOG, Species.CHICKEN
KEY = IdempotencyKey.of("a key", b"a request")
REQUEST = TrainingRequest()
HOUR = timedelta(hours=1)

Item = dict[str, Any]
Damage = Callable[[Item], object]


@pytest.fixture
def skipped() -> list[Unreadable]:
    return []


@pytest.fixture
def predictions(dynamodb: DynamoDBClient, skipped: list[Unreadable]) -> DynamoDBPredictionStore:
    return DynamoDBPredictionStore(dynamodb, PREDICTIONS, now=lambda: NOON, on_unreadable=skipped.append)


@pytest.fixture
def jobs(dynamodb: DynamoDBClient, skipped: list[Unreadable]) -> DynamoDBJobStore:
    return DynamoDBJobStore(
        dynamodb, JOBS, patience=timedelta(minutes=6), now=lambda: NOON, on_unreadable=skipped.append
    )


def damage(dynamodb: DynamoDBClient, table: str, pk: str, sk: str, how: Damage) -> None:
    """Change a stored item, or move it to another key."""
    key: Any = {"pk": {"S": pk}, "sk": {"S": sk}}
    item: Any = dynamodb.get_item(TableName=table, Key=key)["Item"]
    how(item)
    dynamodb.delete_item(TableName=table, Key=key)
    dynamodb.put_item(TableName=table, Item=item)


def setting(name: str, value: Any) -> Damage:
    return lambda item: item.update({name: value})


DAMAGES: dict[str, Damage] = {
    "a missing column": lambda item: item.pop("height"),
    "a missing version": lambda item: item.pop("model_version"),
    "a missing answer": lambda item: item.pop("prediction_sets"),
    "a column of another type": setting("height", {"N": "1"}),
    "a column that is not JSON": setting("weight", {"S": "[1,"}),
    "a column that is not a list": setting("weight", {"S": "null"}),
    "a column of objects": setting("height", {"S": '[{"metres": 1}, {"metres": 1}]'}),
    "a height of -1": setting("height", {"S": "[-1,0.3]"}),
    "a shorter column": setting("has_tail", {"S": "[true]"}),
    "fewer answers than animals": setting("prediction_sets", {"S": '[["dog"]]'}),
    "an answer without a species": setting("prediction_sets", {"S": '[["dog"],[]]'}),
    "an unknown species": setting("prediction_sets", {"S": '[["dog"],["unicorn"]]'}),
    "a probability of text": setting("dog", {"S": '["NaN",0.96]'}),
    "a probability above one": setting("dog", {"S": "[1.5,0.01]"}),
    "no animals": lambda item: item.update(
        {name: {"S": "[]"} for name, value in item.items() if str(value.get("S", "")).startswith("[")}
    ),
    "deep nesting": setting("height", {"S": "[" * 100_000}),
    "the key of another day": setting("pk", {"S": "day#2026-02-01"}),
    "a key that is not a request id": setting("sk", {"S": "01JUNK"}),
    "a key in lower case": setting("sk", {"S": "01kg9ys7g0d4hawtbsednrp5hy"}),
}


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("how", DAMAGES.values(), ids=DAMAGES)
def test_a_page_continues_behind_a_damaged_item(
    dynamodb: DynamoDBClient,
    predictions: DynamoDBPredictionStore,
    skipped: list[Unreadable],
    how: Damage,
    limit: int,
    request: pytest.FixtureRequest,
) -> None:
    batches = [predictions.add(batch_of(DOG, CHICKEN, at=NOON + hours * HOUR)) for hours in (0, 1, 2)]
    predictions.add(batch_of(CHICKEN, DOG, at=NOON - 30 * HOUR))
    predictions.add(batch_of(CHICKEN, DOG, at=NOON + 13 * HOUR))
    damage(dynamodb, PREDICTIONS, "day#2026-01-31", batches[1].request_id, how)
    for species, expected in ((None, 8), (DOG, 4)):
        listed, counted, cursor = [], 0, None
        while True:
            page = predictions.page(PageRequest(limit=limit, species=species, cursor=cursor))
            listed += [each.id for each in page.items]
            counted += page.skipped
            if page.next_cursor is None:
                break
            cursor = Cursor.parse(page.next_cursor)
        assert len(listed) == len(set(listed)) == expected
        assert counted == len(skipped)
        # Pages that end at the item read it twice. A key that is not a request id may be between two pages.
        assert counted or species or "key" in request.node.callspec.id
        assert all("day#2026-0" in each.key for each in skipped)
        skipped.clear()


@pytest.mark.parametrize("how", [each for name, each in DAMAGES.items() if "key" not in name])
def test_a_damaged_prediction_is_not_found(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore, skipped: list[Unreadable], how: Damage
) -> None:
    batch = predictions.add(batch_of(DOG, CHICKEN))
    damage(dynamodb, PREDICTIONS, "day#2026-01-31", batch.request_id, how)
    with pytest.raises(NotFound):
        predictions.get(batch.prediction(0).id)
    assert [each.key for each in skipped] == [f"day#2026-01-31/{batch.request_id}"]


def test_a_store_logs_the_keys_of_skipped_items_by_default(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore, caplog: pytest.LogCaptureFixture
) -> None:
    batch = predictions.add(batch_of(DOG))
    damage(dynamodb, PREDICTIONS, "day#2026-01-31", batch.request_id, setting("height", {"N": "1"}))
    assert DynamoDBPredictionStore(dynamodb, PREDICTIONS).page(PageRequest()).skipped == 1
    assert f"stored item skipped: day#2026-01-31/{batch.request_id}: KeyError" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feedback#0", {"S": "{"}),
        ("feedback#0", {"N": "1"}),
        ("feedback#0", {"S": '{"species": "unicorn", "given_at": "2026-01-31T12:00:00Z"}'}),
        ("feedback#first", {"S": '{"species": "dog", "given_at": "2026-01-31T12:00:00Z"}'}),
    ],
)
def test_damaged_feedback_leaves_its_prediction_readable(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore, skipped: list[Unreadable], name: str, value: Any
) -> None:
    batch = predictions.add(batch_of(DOG))
    damage(dynamodb, PREDICTIONS, "day#2026-01-31", batch.request_id, setting(name, value))
    (item,) = predictions.page(PageRequest()).items
    assert (item.id, item.feedback) == (batch.prediction(0).id, None)
    assert skipped[0].key.endswith(name)


@pytest.mark.parametrize("junk", ["2026-99-99", "2026-01-30T00:00", "20260130", "2026", "3", "1970-01-01-"])
def test_a_marker_that_is_not_a_day_is_skipped(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore, skipped: list[Unreadable], junk: str
) -> None:
    batches = [predictions.add(batch_of(DOG, at=NOON + days * 24 * HOUR)) for days in (0, -1, -2)]
    for suffix in ("", "x", "y"):
        dynamodb.put_item(TableName=PREDICTIONS, Item={"pk": {"S": "days"}, "sk": {"S": junk + suffix}})
    narrow = DynamoDBPredictionStore(dynamodb, PREDICTIONS, max_reads=2, on_unreadable=skipped.append)
    listed, cursor = [], None
    for _ in range(10):
        page = narrow.page(PageRequest(limit=1, cursor=cursor))
        listed += page.items
        if page.next_cursor is None:
            break
        cursor = Cursor.parse(page.next_cursor)
    assert listed == [batch.prediction(0) for batch in batches]
    assert {each.key for each in skipped} == {f"days/{junk}{suffix}" for suffix in ("", "x", "y")}


def test_a_page_continues_behind_more_foreign_keys_than_one_read_returns(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore
) -> None:
    batch = predictions.add(batch_of(DOG))
    for number in range(30):
        item: Any = {"pk": {"S": "day#2026-01-31"}, "sk": {"S": f"1JUNK{number}"}}
        dynamodb.put_item(TableName=PREDICTIONS, Item=item)
    narrow = DynamoDBPredictionStore(dynamodb, PREDICTIONS, max_reads=2, on_unreadable=lambda _: None)
    page = narrow.page(PageRequest(limit=1))
    while not page.items and page.next_cursor:
        page = narrow.page(PageRequest(limit=1, cursor=Cursor.parse(page.next_cursor)))
    assert [each.id for each in page.items] == [batch.prediction(0).id]


FEEDBACK_DAMAGES: dict[str, Damage] = {
    "a missing animal": lambda item: item.pop("animal"),
    "an impossible animal": setting("animal", {"S": '{"height": -1}'}),
    "an unknown species": setting("species", {"S": "unicorn"}),
    "no time": setting("given_at", {"S": "noon"}),
    "another type": setting("given_at", {"BOOL": True}),
}


@pytest.mark.parametrize("how", FEEDBACK_DAMAGES.values(), ids=FEEDBACK_DAMAGES)
def test_damaged_feedback_is_not_used_for_training(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore, skipped: list[Unreadable], how: Damage
) -> None:
    feedback = DynamoDBFeedbackStore(dynamodb, PREDICTIONS, on_unreadable=skipped.append)
    batch = predictions.add(batch_of(DOG, CHICKEN))
    for position in (0, 1):
        feedback.give(batch.prediction(position), Feedback(species=DOG, given_at=NOON))
    damage(dynamodb, PREDICTIONS, "feedback", batch.prediction(0).id, how)
    assert [each.prediction_id for each in feedback.given()] == [batch.prediction(1).id]
    assert [each.key for each in skipped] == [f"feedback/{batch.prediction(0).id}"]


JOB_DAMAGES: dict[str, Damage] = {
    "a missing field": lambda item: item.pop("status"),
    "no expiry": lambda item: item.pop("expires"),
    "an expiry of another type": setting("expires", {"S": "soon"}),
    "an expiry beyond the largest datetime": setting("expires", {"N": "1E+40"}),
    "an unknown status": setting("status", {"S": "sleeping"}),
    "a progress of 7": setting("progress", {"N": "7"}),
    "a request of another kind": setting("request", {"M": {"source": {"S": "unknown"}}}),
    "the id of another job": setting("job_id", {"S": new_ulid(NOON)}),
}


@pytest.mark.parametrize("how", JOB_DAMAGES.values(), ids=JOB_DAMAGES)
def test_a_damaged_job_is_skipped_and_does_not_block_others(
    dynamodb: DynamoDBClient, jobs: DynamoDBJobStore, skipped: list[Unreadable], how: Damage
) -> None:
    ended = jobs.create(REQUEST)
    jobs.fail(ended.job_id, "no rows")
    damaged = jobs.create(REQUEST).job_id
    damage(dynamodb, JOBS, "job", damaged, how)
    assert [job.job_id for job in jobs.recent(1)] == [ended.job_id]
    assert [job.job_id for job in jobs.recent(10)] == [ended.job_id]
    with pytest.raises(NotFound):
        jobs.get(damaged)
    assert {each.key for each in skipped} == {f"job/{damaged}"}
    following = jobs.create(REQUEST)
    assert following.job_id > damaged
    assert jobs.start(following.job_id, NOON + HOUR).status is JobStatus.RUNNING
    assert [job.job_id for job in jobs.recent(10)] == [following.job_id, ended.job_id]


@pytest.mark.parametrize("key", ["broken", "01JUNK", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"])
def test_an_item_with_a_foreign_key_does_not_block_jobs(
    dynamodb: DynamoDBClient, jobs: DynamoDBJobStore, key: str
) -> None:
    dynamodb.put_item(TableName=JOBS, Item={"pk": {"S": "job"}, "sk": {"S": key}})
    for _ in range(2):
        job = jobs.create(REQUEST)
        jobs.fail(job.job_id, "no rows")
    assert [each.job_id for each in jobs.recent(1)] == [job.job_id]


@pytest.mark.parametrize("marker", [{}, {"job_id": {"N": "1"}}, {"job_id": {"S": "junk"}}, {"job_id": {"NULL": True}}])
def test_a_marker_that_names_no_job_is_replaced(dynamodb: DynamoDBClient, jobs: DynamoDBJobStore, marker: Item) -> None:
    jobs.fail(jobs.create(REQUEST).job_id, "no rows")
    dynamodb.put_item(TableName=JOBS, Item={"pk": {"S": "latest"}, "sk": {"S": "latest"}, **marker})
    for _ in range(2):
        jobs.fail(jobs.create(REQUEST).job_id, "no rows")
    assert len(jobs.recent(10)) == 3


@pytest.mark.parametrize("request_", [None, {"N": "1"}, {"S": "{"}, {"S": '{"source": {"kind": "oracle"}}'}])
def test_a_damaged_deferred_request_is_skipped(
    dynamodb: DynamoDBClient, jobs: DynamoDBJobStore, skipped: list[Unreadable], request_: Any
) -> None:
    deferred = TrainingRequest(source=DataServiceSource(seed=7))
    jobs.defer(deferred)
    item: Any = {"pk": {"S": "waiting"}, "sk": {"S": "0"}, **({"request": request_} if request_ else {})}
    dynamodb.put_item(TableName=JOBS, Item=item)
    assert jobs.deferred() == [deferred]
    assert [each.key for each in skipped] == ["waiting/0"]


KEY_DAMAGES: dict[str, Damage] = {
    "no digest": lambda item: item.pop("digest"),
    "no answer": lambda item: item.pop("answer"),
    "no expiry": lambda item: item.pop("forget_at"),
    "an answer of another type": setting("answer", {"N": "1"}),
    "a digest of another type": setting("digest", {"NULL": True}),
    "an expiry of another type": setting("forget_at", {"S": "soon"}),
    "an answer that is not an id": setting("answer", {"S": "junk"}),
    "the id of a missing item": setting("answer", {"S": new_ulid(NOON)}),
}


@pytest.mark.parametrize("how", KEY_DAMAGES.values(), ids=KEY_DAMAGES)
def test_a_damaged_key_can_be_used_again(
    dynamodb: DynamoDBClient, predictions: DynamoDBPredictionStore, jobs: DynamoDBJobStore, how: Damage
) -> None:
    predictions.add(batch_of(DOG), KEY)
    damage(dynamodb, PREDICTIONS, "key#a key", "key", how)
    assert predictions.find_by_key(KEY) is None
    second = batch_of(CHICKEN)
    assert predictions.add(second, KEY) == second
    assert predictions.find_by_key(KEY) == second

    first = jobs.create(REQUEST, KEY)
    jobs.fail(first.job_id, "no rows")
    damage(dynamodb, JOBS, "key#a key", "key", how)
    assert jobs.find_by_key(KEY) is None
    job = jobs.create(REQUEST, KEY)
    assert job.job_id != first.job_id
    assert jobs.find_by_key(KEY) == job
