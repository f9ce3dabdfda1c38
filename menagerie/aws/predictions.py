"""The prediction store on DynamoDB: one item for each request, one partition for each day.

| pk             | sk         | content                                                                            |
|----------------|------------|------------------------------------------------------------------------------------|
| day#2026-01-31 | request id | the predictions of one request, a text column for each field                       |
| days           | 2026-01-31 | a marker: that day has predictions, so that a page reads no partition in vain      |
| key#<key>      | key        | the request id that was stored under an idempotency key, see `aws.idempotency`     |

A request of 1000 animals takes some 90 KB, and 150 KB if every number is as long as numbers get. It always fits one
item of 400 KB, so storing it is one atomic write. The request id is a ULID and names its day, so no index is needed.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter
from pydantic_core import from_json, to_json
from typing_extensions import override

from menagerie.animal import CLASSES, FEATURES, Animal
from menagerie.aws.errors import UnreadableHandler, aws_errors, log_unreadable
from menagerie.aws.idempotency import DynamoDBKeys, stored_once
from menagerie.clock import Clock, utc_now
from menagerie.errors import NotFound, Unreadable
from menagerie.ports.predictions import Cursor, PageRequest, PredictionStore
from menagerie.prediction import (
    MAX_ANIMALS,
    Feedback,
    Prediction,
    PredictionBatch,
    PredictionPage,
    parse_prediction_id,
)
from menagerie.ulid import FIRST_ULID, LAST_ULID, highest_ulid, is_ulid, lowest_ulid, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, QueryInputTypeDef

    from menagerie.idempotency import IdempotencyKey

    Item = dict[str, AttributeValueTypeDef]

SERVICE = "the predictions table"
DAYS = "days"
# A read is up to 1 MB, some 3000 requests of one animal.
MAX_READS = 20
_FEEDBACK = "feedback#"

# Stored values are validated as strictly as request bodies: responses are written without validating each row again.
_Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_SpeciesName = Annotated[str, Field(pattern=f"^({'|'.join(CLASSES)})$")]
_ANIMALS: TypeAdapter[list[Animal]] = TypeAdapter(Annotated[list[Animal], Field(min_length=1, max_length=MAX_ANIMALS)])
_PROBABILITIES = TypeAdapter(list[list[_Probability]])
_PREDICTION_SETS = TypeAdapter(list[Annotated[list[_SpeciesName], Field(min_length=1)]])


class DynamoDBPredictionStore(PredictionStore):
    """Stores a request by one write, and a second one for the first request of a process and day."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        max_reads: int = MAX_READS,
        now: Clock = utc_now,
        on_unreadable: UnreadableHandler = log_unreadable,
    ) -> None:
        """Take the table.

        Args:
            client: of DynamoDB.
            table: name of the table.
            max_reads: a page ends after this many reads, however few predictions they found.
            now: the clock, by which idempotency keys expire.
            on_unreadable: called with each stored item that is skipped because it cannot be read.
        """
        self._client = client
        self._table = table
        self._max_reads = max_reads
        self._now = now
        self._on_unreadable = on_unreadable
        self._keys = DynamoDBKeys(client, table, SERVICE, on_unreadable)
        self._marked_day = ""
        self._predictions_per_item = 1
        """Average of the last page that was read."""

    @override
    def add(self, batch: PredictionBatch, key: "IdempotencyKey | None" = None) -> PredictionBatch:
        day = _day_of(batch.created_at)
        with aws_errors(SERVICE):
            if day != self._marked_day:
                # Before the predictions: a day without any costs one read, predictions without a marker are not listed.
                self._client.put_item(TableName=self._table, Item={"pk": {"S": DAYS}, "sk": {"S": day}})
                self._marked_day = day
            if key is None:
                self._client.put_item(TableName=self._table, Item=to_item(batch))
                return batch
        # In a conflict, another request with this key was stored first, and its predictions answer this one too.
        return stored_once(lambda lost: self._add_with_key(batch, key, lost), lambda: self._find(key))

    @override
    def find_by_key(self, key: "IdempotencyKey") -> PredictionBatch | None:
        return self._find(key)[0]

    @override
    def get(self, prediction_id: str) -> Prediction:
        missing = NotFound("there is no such prediction")
        parsed = parse_prediction_id(prediction_id)
        if parsed is None:
            raise missing
        request_id, position = parsed
        batch = self._batch(request_id)
        if batch is None or position >= len(batch):
            raise missing
        return batch.prediction(position)

    @override
    def page(self, request: PageRequest) -> PredictionPage:
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
                self._on_unreadable(step)
                skipped += 1
                continue
            batches, predictions = batches + 1, predictions + len(step.animals)
            self._predictions_per_item = predictions // batches
            for position in _positions(step, request):
                if len(items) == request.limit:
                    return PredictionPage(items=items, next_cursor=str(last), skipped=skipped)
                items.append(step.prediction(position))
                last = Cursor(step.request_id, position)
        return PredictionPage(items=items, skipped=skipped)

    def _add_with_key(self, batch: PredictionBatch, key: "IdempotencyKey", lost: str | None) -> PredictionBatch:
        with aws_errors(SERVICE, conflict="another request with this Idempotency-Key is being answered"):
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": to_item(batch)}},
                    self._keys.put(key, batch.request_id, self._now(), lost=lost),
                ]
            )
        return batch

    def _find(self, key: "IdempotencyKey") -> tuple[PredictionBatch | None, str | None]:
        """Return the batch that was stored under a key, and the request id in the key if that batch is missing."""
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
            return from_item(item, self._on_unreadable) if item else None
        except Unreadable as error:
            self._on_unreadable(error)
            return None

    def _walk(self, request: PageRequest) -> "Iterator[PredictionBatch | Unreadable | Cursor]":
        """Yield the stored requests, newest first, and before each read a cursor at which another page could begin."""
        low, high = _bounds(request)
        before: Cursor | None = Cursor(high, MAX_ANIMALS - 1)
        for day in self._days(low, high):
            query = self._day_query(day, low, high, request)
            more = True
            while more:
                # A cursor holds request ids only. Where a read ended at another key, the next one belongs to its page.
                if before is not None:
                    yield before
                with aws_errors(SERVICE):
                    answer = self._client.query(**query)
                for item in answer["Items"]:
                    try:
                        batch: PredictionBatch | Unreadable = from_item(item, self._on_unreadable)
                    except Unreadable as error:
                        batch = error
                    yield batch
                more = "LastEvaluatedKey" in answer
                if more:
                    query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
                    if "Limit" in query:  # the items held fewer predictions than expected
                        query["Limit"] = min(4 * query["Limit"], request.limit + 1)
                    last = answer["LastEvaluatedKey"]["sk"]["S"]
                    before = Cursor(last, MAX_ANIMALS - 1) if is_ulid(last) else None
                else:
                    before = Cursor(lowest_ulid(_start_of(day)), MAX_ANIMALS - 1)

    def _days(self, low: str, high: str) -> list[str]:
        """Return the days with predictions between two request ids, newest first: one more than a page can read."""
        if low > high:
            return []
        days: list[str] = []
        query = self._query(DAYS, _day_of(moment_of(low)), _day_of(moment_of(high)))
        while len(days) <= self._max_reads:
            query["Limit"] = self._max_reads + 1 - len(days)
            with aws_errors(SERVICE):
                answer = self._client.query(**query)
            for item in answer["Items"]:
                day = item["sk"]["S"]
                if _is_day(day):
                    days.append(day)
                else:
                    self._on_unreadable(Unreadable(f"{DAYS}/{day}", ValueError("not a day")))
            if "LastEvaluatedKey" not in answer:
                break
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return days

    def _day_query(self, day: str, low: str, high: str, request: PageRequest) -> "QueryInputTypeDef":
        if request.species is None:
            query = self._query(_partition(day), low, high)
            # If items hold as many predictions as those of the last page, this many items fill a page and one more
            # shows whether there is a next one. Without a limit a read is 1 MB, which is far more than most pages show.
            query["Limit"] = request.limit // self._predictions_per_item + 1
        else:
            query = self._query(_partition(day), low, high, species=request.species)
            query["FilterExpression"] = "contains(species, :species)"
        return query

    def _query(self, pk: str, first: str, last: str, **filters: str) -> "QueryInputTypeDef":
        values = {"pk": pk, "first": first, "last": last, **filters}
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {f":{name}": {"S": str(value)} for name, value in values.items()},
            "ScanIndexForward": False,
            # A client that has just got its predictions expects to see them listed.
            "ConsistentRead": True,
        }


def to_item(batch: PredictionBatch) -> "Item":
    """Encode a batch as one item of the predictions table: each field of all animals is a text column, a JSON list.

    A thousand animals as lists of DynamoDB numbers are ten thousand small dictionaries for botocore to encode.
    """
    columns: dict[str, Sequence[object]] = {name: [getattr(each, name) for each in batch.animals] for name in FEATURES}
    columns |= dict(zip(CLASSES, zip(*batch.probabilities, strict=True), strict=True))
    columns["prediction_sets"] = batch.prediction_sets
    return {
        "pk": {"S": _partition(_day_of(batch.created_at))},
        "sk": {"S": batch.request_id},
        "model_version": {"S": batch.model_version},
        # A set of the predicted species, so that a search for one species skips the requests without it.
        "species": {"SS": sorted({species[0] for species in batch.prediction_sets})},
        **{name: {"S": to_json(column).decode()} for name, column in columns.items()},
        **{feedback_attribute(place): {"S": given.model_dump_json()} for place, given in batch.feedback.items()},
    }


def from_item(item: "Item", on_unreadable: UnreadableHandler = log_unreadable) -> PredictionBatch:
    """Decode an item that `to_item` wrote; raise Unreadable. Only feedback that cannot be read is skipped."""
    key = f"{item['pk'].get('S')}/{item['sk'].get('S')}"
    try:
        request_id = item["sk"]["S"]
        created_at = moment_of(request_id)
        if item["pk"]["S"] != _partition(_day_of(created_at)):
            raise ValueError("the request is of another day")
        features, probabilities = ([from_json(item[name]["S"]) for name in names] for names in (FEATURES, CLASSES))
        rows = [dict(zip(FEATURES, row, strict=True)) for row in zip(*features, strict=True)]
        batch = PredictionBatch(
            request_id=request_id,
            created_at=created_at,
            model_version=item["model_version"]["S"],
            animals=_ANIMALS.validate_python(rows),
            probabilities=_PROBABILITIES.validate_python(list(map(list, zip(*probabilities, strict=True)))),
            prediction_sets=_PREDICTION_SETS.validate_json(item["prediction_sets"]["S"]),
            feedback=_feedback(item, key, on_unreadable),
        )
        if not len(batch.animals) == len(batch.probabilities) == len(batch.prediction_sets):
            raise ValueError("the columns differ in length")
    except (LookupError, TypeError, ValueError) as error:
        raise Unreadable(key, error) from error
    return batch


def key_of(request_id: str) -> "Item":
    """Return the key of the item that holds a request's predictions."""
    return {"pk": {"S": _partition(_day_of(moment_of(request_id)))}, "sk": {"S": request_id}}


def feedback_attribute(position: int) -> str:
    """Return the name of the attribute that holds the feedback on the animal at a position, as JSON."""
    return f"{_FEEDBACK}{position}"


def _feedback(item: "Item", key: str, on_unreadable: UnreadableHandler) -> dict[int, Feedback]:
    feedback = {}
    for name in item:
        if name.startswith(_FEEDBACK):
            try:
                feedback[int(name.removeprefix(_FEEDBACK))] = Feedback.model_validate_json(item[name]["S"])
            except (KeyError, ValueError) as error:
                on_unreadable(Unreadable(f"{key}/{name}", error))
    return feedback


def _bounds(request: PageRequest) -> tuple[str, str]:
    """Return the lowest and the highest request id that a page may show."""
    low = lowest_ulid(request.start) if request.start else FIRST_ULID
    high = highest_ulid(request.end) if request.end else LAST_ULID
    return low, min(high, request.cursor.request_id) if request.cursor else high


def _positions(batch: PredictionBatch, request: PageRequest) -> "Iterator[int]":
    """Yield the positions of a batch that belong on a page."""
    cursor = request.cursor
    first = cursor.position + 1 if cursor and cursor.request_id == batch.request_id else 0
    for position in range(first, len(batch.animals)):
        if request.species is None or request.species == batch.prediction_sets[position][0]:
            yield position


def _day_of(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _start_of(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _is_day(text: str) -> bool:
    try:
        return _day_of(_start_of(text)) == text
    except ValueError:
        return False


def _partition(day: str) -> str:
    return f"day#{day}"
