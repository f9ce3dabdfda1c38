"""The prediction store on DynamoDB: a partition a day, an item a request, and a marker for each day that has any.

| pk             | sk           | what                                                     |
|----------------|--------------|----------------------------------------------------------|
| day#2026-01-31 | request id   | the predictions of one request, see `prediction_item`    |
| days           | 2026-01-31   | that day holds something, so a page need not ask in vain |
| key#…          | key          | the request id of the answer to a key: `dynamodb_keys`   |

A prediction's id is its request id and its position; the request id is a ULID and tells the day.
"""

from typing import TYPE_CHECKING

from menagerie.aws.errors import aws_errors
from menagerie.aws.idempotency import DynamoDBKeys
from menagerie.aws.prediction_item import day_of, from_item, key_of, to_item
from menagerie.aws.prediction_pages import DAYS, SERVICE, DynamoDBPredictionPages
from menagerie.clock import utc_now
from menagerie.errors import Conflict, NotFound, Unreadable
from menagerie.prediction import Prediction, PredictionPage
from menagerie.prediction_batch import PredictionBatch, parse_prediction_id
from menagerie.prediction_store import PageRequest
from menagerie.skipped import Skipped, log_skipped
from menagerie.ulid import is_ulid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from menagerie.idempotency import IdempotencyKey

# A read is up to 1 MB, some 3000 requests of one animal. A page ends after so many, however little it found.
MAX_READS = 20


class DynamoDBPredictionStore:
    """Fills `PredictionStore`. Storing is one write, and a second one on the first request of a process and day."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        max_reads: int = MAX_READS,
        now: "Callable[[], datetime]" = utc_now,
        skipped: Skipped = log_skipped,
    ) -> None:
        """Take a client, the table's name, how many reads make a page, a clock, and a log of bad items."""
        self._client = client
        self._table = table
        self._pages = DynamoDBPredictionPages(client, table, max_reads, skipped)
        self._marked_day = ""
        self._now = now
        self._skipped = skipped
        self._keys = DynamoDBKeys(client, table, SERVICE, skipped)

    def add(self, batch: PredictionBatch, key: "IdempotencyKey | None" = None) -> PredictionBatch:
        """Store the predictions of one request, all or none, and return them; see `PredictionStore.add`."""
        day = day_of(batch.created_at)
        with aws_errors(SERVICE):
            if day != self._marked_day:
                # Before the predictions: a day without any costs a read, predictions without their day would be lost.
                self._client.put_item(TableName=self._table, Item={"pk": {"S": DAYS}, "sk": {"S": day}})
                self._marked_day = day
            if key is None:
                self._client.put_item(TableName=self._table, Item=to_item(batch))
                return batch
        try:
            return self._add_with_key(batch, key)
        except Conflict:
            # Somebody else was faster with the same key, and one answer is enough.
            first, lost = self._found(key)
            if first is not None:
                return first
            if lost is None:
                raise
        return self._add_with_key(batch, key, lost)

    def answered(self, key: "IdempotencyKey") -> PredictionBatch | None:
        """Return what was stored under a key, None if nothing was; raise KeyReused."""
        return self._found(key)[0]

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

    def page(self, request: PageRequest) -> PredictionPage:
        """Return predictions, newest request first; see `PredictionStore.page`."""
        return self._pages.page(request)

    def _add_with_key(self, batch: PredictionBatch, key: "IdempotencyKey", lost: str | None = None) -> PredictionBatch:
        with aws_errors(SERVICE, conflict="a request with this Idempotency-Key is being answered at this moment"):
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": to_item(batch)}},
                    self._keys.put(key, batch.request_id, self._now(), lost=lost),
                ]
            )
        return batch

    def _found(self, key: "IdempotencyKey") -> tuple[PredictionBatch | None, str | None]:
        """Return what was stored under a key, and what the key names if that is not there any more."""
        request_id = self._keys.find(key, self._now())
        if request_id is None:
            return None, None
        batch = self._batch(request_id)
        return batch, None if batch else request_id

    def _batch(self, request_id: str) -> PredictionBatch | None:
        if not is_ulid(request_id):
            return None
        with aws_errors(SERVICE):
            item = self._client.get_item(TableName=self._table, Key=key_of(request_id), ConsistentRead=True).get("Item")
        try:
            return from_item(item, self._skipped) if item else None
        except Unreadable as error:
            self._skipped(error)
            return None
