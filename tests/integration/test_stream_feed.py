"""Whatever is written to a table reaches the journal through its stream, once, and comes back from there."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from cloud.state.journal import Change, Journal
from cloud.state.stream_feed import StreamFeed, restore
from tests.integration.conftest import JOBS, PREDICTIONS, Clients

LABELS = {"PredictionsTable": PREDICTIONS, "JobsTable": JOBS}


def key(number: int) -> dict[str, dict[str, str]]:
    return {"pk": {"S": "job"}, "sk": {"S": str(number)}}


def item(number: int, status: str = "queued") -> dict[str, Any]:
    return {**key(number), "status": {"S": status}, "digest": {"B": b"\x00\xff"}, "species": {"SS": ["cat", "dog"]}}


def job(number: int, status: str = "queued") -> Change:
    return Change("JobsTable", key(number), item(number, status))


@pytest.fixture
def tables(dynamodb: DynamoDBClient) -> DynamoDBClient:
    for table in LABELS.values():
        dynamodb.update_table(
            TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        )
    return dynamodb


@pytest.fixture
def streams(clients: Clients) -> Iterator[Any]:
    del clients  # they are moto's for as long as this one is
    client = boto3.client("dynamodbstreams")
    yield client
    client.close()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "0.jsonl")


def test_puts_updates_and_deletions_are_followed_in_order(
    tables: DynamoDBClient, streams: Any, journal: Journal
) -> None:
    feed = StreamFeed(tables, streams, LABELS, journal, {})
    tables.put_item(TableName=JOBS, Item=item(1))
    tables.put_item(TableName=JOBS, Item=item(2))
    feed.read()
    tables.put_item(TableName=JOBS, Item=item(1, "running"))
    tables.delete_item(TableName=JOBS, Key=key(2))
    tables.put_item(TableName=PREDICTIONS, Item=item(3))
    feed.read()
    feed.read()
    assert list(journal.changes()) == [
        job(1),
        job(2),
        Change("PredictionsTable", key(3), item(3)),
        job(1, "running"),
        Change("JobsTable", key(2), None),
    ]


def test_what_the_disk_did_not_take_is_read_again(
    tables: DynamoDBClient, streams: Any, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = StreamFeed(tables, streams, LABELS, journal, {})
    tables.put_item(TableName=JOBS, Item=item(1))

    def full(_changes: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", full)
        with pytest.raises(OSError, match="No space"):
            feed.read()
    feed.read()
    assert list(journal.changes()) == [job(1)]


def test_what_was_journaled_comes_back_in_tables_without_it(tables: DynamoDBClient, journal: Journal) -> None:
    changes = [job(number) for number in range(60)]
    tables.put_item(TableName=JOBS, Item=item(99))
    journal.append([*changes, job(3, "running"), Change("JobsTable", key(99), None)])
    reported: list[int] = []
    restore(journal.last(), tables, LABELS, reported.append)
    assert reported == [25, 50, 61]
    found = tables.scan(TableName=JOBS)["Items"]
    assert sorted(found, key=lambda each: int(each["sk"]["S"])) == [
        item(number, "running" if number == 3 else "queued") for number in range(60)
    ]


def test_what_comes_back_is_not_journaled_again(tables: DynamoDBClient, streams: Any, journal: Journal) -> None:
    journal.append([job(number) for number in range(3)])
    restore(journal.last(), tables, LABELS, lambda _done: None)
    tables.put_item(TableName=JOBS, Item=item(1, "running"))
    StreamFeed(tables, streams, LABELS, journal, journal.last()).read()
    assert list(journal.changes()) == [job(0), job(1), job(2), job(1, "running")]
