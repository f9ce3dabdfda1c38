"""The prediction store on DynamoDB: a partition a day, an item a request, and a marker for each day that has any.

| pk             | sk           | what                                                     |
|----------------|--------------|----------------------------------------------------------|
| day#2026-01-31 | request id   | the predictions of one request, see `prediction_item`    |
| days           | 2026-01-31   | that day holds something, so a page need not ask in vain |
| key#…          | key          | the request id of the answer to a key, `dynamodb_keys`     |

A prediction's id is its request id and its position; the request id is a ULID and tells the day.
"""

from typing import TYPE_CHECKING

from menagerie.aws_errors import aws_errors
from menagerie.clock import utc_now
from menagerie.cursor import Cursor
from menagerie.dynamodb_keys import DynamoDBKeys
from menagerie.errors import Conflict, NotFound
from menagerie.prediction import MAX_ANIMALS, Prediction, PredictionPage
from menagerie.prediction_batch import PredictionBatch, parse_prediction_id
from menagerie.prediction_item import day_of, from_item, key_of, partition, start_of, to_item
from menagerie.prediction_store import PageRequest
from menagerie.ulid import FIRST_ULID, LAST_ULID, highest_ulid, lowest_ulid, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from menagerie.idempotency import IdempotencyKey

# A read is up to 1 MB, some 3000 requests of one animal. A page ends after so many, however little it found.
MAX_READS = 20

_DAYS = "days"
_SERVICE = "the predictions table"


class DynamoDBPredictionStore:
    """Fills `PredictionStore`. Storing is one write, and a second one on the first request of a process and day."""

    def __init__(self, client: "DynamoDBClient", table: str, *, max_reads: int = MAX_READS) -> None:
        self._client = client
        self._table = table
        self._max_reads = max_reads
        self._marked_day = ""
        self._keys = DynamoDBKeys(client, table, _SERVICE)

    def add(self, batch: PredictionBatch, key: "IdempotencyKey | None" = None) -> PredictionBatch:
        """Store the predictions of one request, all or none, and return them; see `PredictionStore.add`."""
        day = day_of(batch.created_at)
        with aws_errors(_SERVICE):
            if day != self._marked_day:
                # Before the predictions: a day without any costs a read, predictions without their day would be lost.
                self._client.put_item(TableName=self._table, Item={"pk": {"S": _DAYS}, "sk": {"S": day}})
                self._marked_day = day
            if key is None:
                self._client.put_item(TableName=self._table, Item=to_item(batch))
                return batch
        try:
            with aws_errors(_SERVICE, conflict="a request with this Idempotency-Key is being answered at this moment"):
                self._client.transact_write_items(
                    TransactItems=[
                        {"Put": {"TableName": self._table, "Item": to_item(batch)}},
                        self._keys.put(key, batch.request_id, batch.created_at),
                    ]
                )
        except Conflict:
            # Somebody else was faster with the same key, and one answer is enough.
            first = self.answered(key)
            if first is None:
                raise
            return first
        return batch

    def answered(self, key: "IdempotencyKey") -> PredictionBatch | None:
        """Return what was stored under a key, None if nothing was; raise KeyReused."""
        request_id = self._keys.find(key, utc_now())
        return self._batch(request_id) if request_id else None

    def get(self, prediction_id: str) -> Prediction:
        """Return one prediction; raise NotFound."""
        missing = NotFound("there is no such prediction")
        parsed = parse_prediction_id(prediction_id)
        if parsed is None:
            raise missing
        request_id, position = parsed
        batch = self._batch(request_id)
        if batch is None or position >= len(batch):
            raise missing
        return batch.prediction(position)

    def _batch(self, request_id: str) -> PredictionBatch | None:
        with aws_errors(_SERVICE):
            item = self._client.get_item(TableName=self._table, Key=key_of(request_id), ConsistentRead=True).get("Item")
        return from_item(item) if item else None

    def page(self, request: PageRequest) -> PredictionPage:
        """Return predictions, newest request first; see `PredictionStore.page`."""
        items: list[Prediction] = []
        last: Cursor | None = None
        reads = 0
        for step in self._walk(request):
            if isinstance(step, Cursor):
                if reads == self._max_reads or len(items) == request.limit:
                    return PredictionPage(items=items, next_cursor=str(step))
                reads += 1
                continue
            for position in _positions(step, request):
                if len(items) == request.limit:
                    return PredictionPage(items=items, next_cursor=str(last))
                items.append(step.prediction(position))
                last = Cursor(step.request_id, position)
        return PredictionPage(items=items)

    def _walk(self, request: PageRequest) -> "Iterator[PredictionBatch | Cursor]":
        """Yield what is stored, newest first, and before each read a cursor from which another page could go on."""
        low, high = _bounds(request)
        reached = Cursor(high, MAX_ANIMALS - 1)
        for day in self._days(low, high):
            query = self._query(day, low, high, request)
            more = True
            while more:
                yield reached
                with aws_errors(_SERVICE):
                    answer = self._client.query(**query)
                yield from map(from_item, answer["Items"])
                more = "LastEvaluatedKey" in answer
                if more:
                    query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
                last = answer["LastEvaluatedKey"]["sk"]["S"] if more else lowest_ulid(start_of(day))
                reached = Cursor(last, MAX_ANIMALS - 1)

    def _days(self, low: str, high: str) -> list[str]:
        """Return the days that hold something, newest first: as many as one page can visit, and one more."""
        if low > high:
            return []
        first, last = day_of(moment_of(low)), day_of(moment_of(high))
        with aws_errors(_SERVICE):
            query = self._between(_DAYS, first, last)
            query["Limit"] = self._max_reads + 1
            answer = self._client.query(**query)
        return [item["sk"]["S"] for item in answer["Items"]]

    def _query(self, day: str, low: str, high: str, request: PageRequest) -> "QueryInputTypeDef":
        if request.species is None:
            query = self._between(partition(day), low, high)
            # Every item holds one prediction at least, so that this many fill a page and show whether there is more.
            query["Limit"] = request.limit + 1
        else:
            query = self._between(partition(day), low, high, species=request.species)
            query["FilterExpression"] = "contains(species, :species)"
        return query

    def _between(self, pk: str, first: str, last: str, **filters: str) -> "QueryInputTypeDef":
        values = {"pk": pk, "first": first, "last": last, **filters}
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {f":{name}": {"S": str(value)} for name, value in values.items()},
            "ScanIndexForward": False,
            # Who has just been answered expects to see it.
            "ConsistentRead": True,
        }


def _bounds(request: PageRequest) -> tuple[str, str]:
    """Return the lowest and the highest request id that a page may show."""
    low = lowest_ulid(request.start) if request.start else FIRST_ULID
    high = highest_ulid(request.end) if request.end else LAST_ULID
    return low, min(high, request.cursor.request_id) if request.cursor else high


def _positions(batch: PredictionBatch, request: PageRequest) -> "Iterator[int]":
    """Yield the positions of a batch that belong on a page."""
    cursor = request.cursor
    first = cursor.position + 1 if cursor and cursor.request_id == batch.request_id else 0
    for position in range(first, len(batch)):
        if request.species in (None, batch.species(position)):
            yield position
