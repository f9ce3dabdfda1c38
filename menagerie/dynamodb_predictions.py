"""The prediction store on DynamoDB: a partition a day, an item a request, and a marker for each day that has any.

| pk             | sk           | what                                                     |
|----------------|--------------|----------------------------------------------------------|
| day#2026-01-31 | request id   | the predictions of one request, see `prediction_item`    |
| days           | 2026-01-31   | that day holds something, so a page need not ask in vain |
| key#…          | key          | the request id of the answer to a key: `dynamodb_keys`   |

A prediction's id is its request id and its position; the request id is a ULID and tells the day.
"""

from typing import TYPE_CHECKING

from menagerie.aws_errors import aws_errors
from menagerie.clock import utc_now
from menagerie.dynamodb_keys import DynamoDBKeys
from menagerie.dynamodb_prediction_pages import DAYS, SERVICE, DynamoDBPredictionPages
from menagerie.errors import Conflict, NotFound
from menagerie.prediction import Prediction, PredictionPage
from menagerie.prediction_batch import PredictionBatch, parse_prediction_id
from menagerie.prediction_item import day_of, from_item, key_of, to_item
from menagerie.prediction_store import PageRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from menagerie.idempotency import IdempotencyKey

# A read is up to 1 MB, some 3000 requests of one animal. A page ends after so many, however little it found.
MAX_READS = 20


class DynamoDBPredictionStore:
    """Fills `PredictionStore`. Storing is one write, and a second one on the first request of a process and day."""

    def __init__(self, client: "DynamoDBClient", table: str, *, max_reads: int = MAX_READS) -> None:
        self._client = client
        self._table = table
        self._pages = DynamoDBPredictionPages(client, table, max_reads)
        self._marked_day = ""
        self._keys = DynamoDBKeys(client, table, SERVICE)

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
            with aws_errors(SERVICE, conflict="a request with this Idempotency-Key is being answered at this moment"):
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

    def page(self, request: PageRequest) -> PredictionPage:
        """Return predictions, newest request first; see `PredictionStore.page`."""
        return self._pages.page(request)

    def _batch(self, request_id: str) -> PredictionBatch | None:
        with aws_errors(SERVICE):
            item = self._client.get_item(TableName=self._table, Key=key_of(request_id), ConsistentRead=True).get("Item")
        return from_item(item) if item else None
