"""The DynamoDB prediction store beyond its contract: number of calls, sizes, and a table that is not available."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from mypy_boto3_dynamodb import DynamoDBClient

from menagerie.animal import CLASSES, Animal, Species
from menagerie.aws.predictions import DynamoDBPredictionStore, to_item
from menagerie.errors import Conflict, Unavailable
from menagerie.idempotency import IdempotencyKey
from menagerie.ports.predictions import Cursor, PageRequest
from menagerie.prediction import MAX_ANIMALS, PredictionBatch
from menagerie.ulid import new_ulid
from tests.integration.aws_calls import count_calls
from tests.integration.conftest import PREDICTIONS
from tests.samples import NOON, batch_of

DOG, CHICKEN = Species.DOG, Species.CHICKEN


@pytest.mark.parametrize("animals", [1, 100, MAX_ANIMALS])
def test_a_request_of_any_size_is_one_write_after_the_first_of_the_day(dynamodb: DynamoDBClient, animals: int) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
    store.add(batch_of(DOG))
    calls = count_calls(dynamodb)
    store.add(batch_of(*[DOG] * animals))
    assert calls == ["PutItem"]
    store.add(batch_of(DOG, at=NOON + timedelta(days=1)))
    assert calls == ["PutItem"] * 3


def test_the_largest_request_fits_one_item() -> None:
    longest = 0.12345678901234567e-10
    batch = PredictionBatch(
        request_id=new_ulid(NOON),
        created_at=NOON,
        model_version="20260131T120000Z-0a1b2c3d",
        animals=[
            Animal(walks_on_n_legs=8, height=longest, weight=longest, has_wings=False, has_tail=False)
            for _ in range(MAX_ANIMALS)
        ],
        probabilities=[[0.123456] * len(CLASSES) for _ in range(MAX_ANIMALS)],
        prediction_sets=[[each.value for each in CLASSES] for _ in range(MAX_ANIMALS)],
    )
    size = sum(len(name) + len(str(value)) for name, value in to_item(batch).items())
    assert size < 200_000


def test_a_page_of_one_day_takes_two_reads_however_much_is_stored(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
    for minutes in range(30):
        store.add(batch_of(DOG, DOG, at=NOON + timedelta(minutes=minutes)))
    calls = count_calls(dynamodb)
    assert len(store.page(PageRequest(limit=5)).items) == 5
    assert calls == ["Query", "Query"]


def test_a_page_of_large_requests_reads_no_more_items_than_it_lists(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
    for minutes in range(30):
        store.add(batch_of(*[DOG] * 1000, at=NOON + timedelta(minutes=minutes)))
    limits: list[int] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: limits.append(params.get("Limit"))
    )
    cursor = None
    for _ in range(3):
        page = store.page(PageRequest(limit=50, cursor=cursor))
        assert len(page.items) == 50
        assert page.next_cursor is not None
        cursor = Cursor.parse(page.next_cursor)
    days, items = limits[::2], limits[1::2]
    assert len(days) == len(items) == 3
    assert items == [51, 1, 1]


def test_a_page_of_single_animals_after_a_large_request_is_full(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
    store.add(batch_of(*[DOG] * 1000, at=NOON))
    store.page(PageRequest(limit=50))
    for seconds in range(1, 121):
        store.add(batch_of(CHICKEN, at=NOON + timedelta(seconds=seconds)))
    calls = count_calls(dynamodb)
    page = store.page(PageRequest(limit=50))
    assert len(page.items) == 50
    assert {each.species for each in page.items} == {CHICKEN}
    assert page.next_cursor is not None
    assert calls == ["Query"] * 5  # the days, and 1, 4, 16 and 51 items


def test_days_without_predictions_cost_no_read(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
    for days in (0, 400, 4000):
        store.add(batch_of(DOG, at=NOON + timedelta(days=days)))
    calls = count_calls(dynamodb)
    assert len(store.page(PageRequest()).items) == 3
    assert calls == ["Query"] * 4


def test_a_search_for_a_rare_species_stops_and_continues_on_the_next_page(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS, max_reads=4)
    for day in range(7):
        store.add(batch_of(CHICKEN if day else DOG, at=NOON + timedelta(days=day)))
    calls = count_calls(dynamodb)
    first = store.page(PageRequest(species=DOG))
    assert calls == ["Query"] * 5  # the days, and four of them
    assert first.items == []
    assert first.next_cursor is not None
    second = store.page(PageRequest(species=DOG, cursor=Cursor.parse(first.next_cursor)))
    assert [each.species for each in second.items] == [DOG]
    assert second.next_cursor is None


def test_a_full_page_does_not_search_for_more(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
    for day in range(7):
        store.add(batch_of(DOG if day in (0, 6) else CHICKEN, at=NOON + timedelta(days=day)))
    calls = count_calls(dynamodb)
    page = store.page(PageRequest(species=DOG, limit=1))
    assert len(page.items) == 1
    assert page.next_cursor is not None
    assert calls == ["Query", "Query"]


def test_a_page_that_ends_within_a_day_is_continued_there(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, PREDICTIONS, max_reads=2)
    # A read ends after 1 MB and a thousand animals have some 60 KB, so sixty requests take four reads.
    for minutes in range(60):
        store.add(batch_of(*[CHICKEN] * 999, DOG if minutes == 0 else CHICKEN, at=NOON + timedelta(minutes=minutes)))
    first = store.page(PageRequest(species=DOG))
    assert first.items == []
    assert first.next_cursor is not None
    second = store.page(PageRequest(species=DOG, cursor=Cursor.parse(first.next_cursor)))
    assert len(second.items) == 1


def test_a_missing_table_is_unavailable(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBPredictionStore(dynamodb, "no-such-table")
    for call in (
        lambda: store.add(batch_of(DOG)),
        lambda: store.get(batch_of(DOG).prediction(0).id),
        lambda: store.page(PageRequest()),
    ):
        with pytest.raises(Unavailable, match="ResourceNotFoundException"):
            call()


class FailsOnce:
    """A client whose first write fails."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.client = client
        self.has_failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_item(self, **request: Any) -> Any:
        if self.has_failed:
            return self.client.put_item(**request)
        self.has_failed = True
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")


def test_a_day_whose_marker_was_not_written_is_marked_by_the_next_request(dynamodb: DynamoDBClient) -> None:
    failing: Any = FailsOnce(dynamodb)
    store = DynamoDBPredictionStore(failing, PREDICTIONS)
    with pytest.raises(Unavailable):
        store.add(batch_of(DOG))
    store.add(batch_of(DOG))
    assert len(store.page(PageRequest()).items) == 1


class WritesAtTheSameTime:
    """A client whose transactions are cancelled because another one writes the same items."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")


def test_a_key_that_another_request_is_writing_is_a_conflict(dynamodb: DynamoDBClient) -> None:
    client: Any = WritesAtTheSameTime(dynamodb)
    store = DynamoDBPredictionStore(client, PREDICTIONS)
    with pytest.raises(Conflict, match="another request with this Idempotency-Key is being answered"):
        store.add(batch_of(DOG), IdempotencyKey.of("a key", b"a request"))
    assert store.page(PageRequest()).items == []


def test_a_refused_connection_is_unavailable() -> None:
    client = boto3.client(
        "dynamodb",
        endpoint_url="http://127.0.0.1:9",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(Unavailable, match="the predictions table does not answer"):
        DynamoDBPredictionStore(client, PREDICTIONS).add(batch_of(DOG))
