"""Pages of predictions from DynamoDB: newest first, day by day, a bounded number of reads each."""

from typing import TYPE_CHECKING

from menagerie.aws.errors import aws_errors
from menagerie.aws.prediction_item import day_of, from_item, is_day, partition, start_of
from menagerie.cursor import Cursor
from menagerie.errors import Unreadable
from menagerie.prediction import MAX_ANIMALS, Prediction, PredictionPage
from menagerie.prediction_batch import PredictionBatch
from menagerie.prediction_store import PageRequest
from menagerie.skipped import Skipped, log_skipped
from menagerie.ulid import FIRST_ULID, LAST_ULID, highest_ulid, is_ulid, lowest_ulid, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from menagerie.aws.prediction_item import Item

DAYS = "days"
SERVICE = "the predictions table"


class DynamoDBPredictionPages:
    """Reads what `DynamoDBPredictionStore` wrote."""

    def __init__(self, client: "DynamoDBClient", table: str, max_reads: int, skipped: Skipped = log_skipped) -> None:
        """Take a client, the table's name, how many reads of up to 1 MB make a page, and a log of bad items."""
        self._client = client
        self._skipped = skipped
        self._table = table
        self._max_reads = max_reads
        self._usual = 1
        """Predictions that an item held on average when the last page was read."""

    def page(self, request: PageRequest) -> PredictionPage:
        """Return predictions, newest request first; see `PredictionStore.page`."""
        items: list[Prediction] = []
        last: Cursor | None = None
        reads = batches = predictions = skipped = 0
        for step in self._walk(request):
            if isinstance(step, Cursor):
                if reads == self._max_reads or len(items) == request.limit:
                    return PredictionPage(items=items, next_cursor=str(step), skipped=skipped)
                reads += 1
                continue
            if isinstance(step, Unreadable):
                self._skipped(step)
                skipped += 1
                continue
            batches, predictions = batches + 1, predictions + len(step)
            self._usual = predictions // batches
            for position in _positions(step, request):
                if len(items) == request.limit:
                    return PredictionPage(items=items, next_cursor=str(last), skipped=skipped)
                items.append(step.prediction(position))
                last = Cursor(step.request_id, position)
        return PredictionPage(items=items, skipped=skipped)

    def _walk(self, request: PageRequest) -> "Iterator[PredictionBatch | Unreadable | Cursor]":
        """Yield what is stored, newest first, and before each read a cursor from which another page could go on."""
        low, high = _bounds(request)
        reached: Cursor | None = Cursor(high, MAX_ANIMALS - 1)
        for day in self._days(low, high):
            query = self._query(day, low, high, request)
            more = True
            while more:
                # A key that is no request's cannot stand in a cursor. Such a read counts as one with the read before.
                if reached is not None:
                    yield reached
                with aws_errors(SERVICE):
                    answer = self._client.query(**query)
                yield from map(self._decoded, answer["Items"])
                more = "LastEvaluatedKey" in answer
                if more:
                    query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
                    if "Limit" in query:  # items held less than expected
                        query["Limit"] = min(4 * query["Limit"], request.limit + 1)
                last = answer["LastEvaluatedKey"]["sk"]["S"] if more else lowest_ulid(start_of(day))
                reached = Cursor(last, MAX_ANIMALS - 1) if is_ulid(last) else None

    def _decoded(self, item: "Item") -> PredictionBatch | Unreadable:
        try:
            return from_item(item, self._skipped)
        except Unreadable as error:
            return error

    def _days(self, low: str, high: str) -> list[str]:
        """Return the days that hold something, newest first: as many as one page can visit, and one more."""
        if low > high:
            return []
        first, last = day_of(moment_of(low)), day_of(moment_of(high))
        days: list[str] = []
        query = self._between(DAYS, first, last)
        while len(days) <= self._max_reads:
            query["Limit"] = self._max_reads + 1 - len(days)
            with aws_errors(SERVICE):
                answer = self._client.query(**query)
            for item in answer["Items"]:
                day = item["sk"]["S"]
                if is_day(day):
                    days.append(day)
                else:
                    self._skipped(Unreadable(f"{DAYS}/{day}", ValueError("not a day")))
            if "LastEvaluatedKey" not in answer:
                break
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return days

    def _query(self, day: str, low: str, high: str, request: PageRequest) -> "QueryInputTypeDef":
        if request.species is None:
            query = self._between(partition(day), low, high)
            # If items hold what they held last time, this many fill a page and show whether there is more. Without a
            # limit a read is 1 MB: of uploads, a thousand animals each, the first item alone fills most pages.
            query["Limit"] = request.limit // self._usual + 1
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
