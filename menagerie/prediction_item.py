"""How the predictions of one request look in DynamoDB: one item, a column of text for each field.

A request of 1000 animals takes some 90 KB, and 150 KB if every number is as long as numbers get: it always fits one
item of 400 KB, so storing it is one atomic write.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from menagerie.animal import CLASSES, FEATURES, Animal
from menagerie.codec import from_column, to_column
from menagerie.prediction import Feedback
from menagerie.prediction_batch import PredictionBatch
from menagerie.ulid import moment_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, "AttributeValueTypeDef"]

_ANIMALS = TypeAdapter(list[Animal])
_FEEDBACK = "feedback#"


def day_of(moment: datetime) -> str:
    """Return the day whose partition holds what was stored at a moment, such as 2026-01-31."""
    return f"{moment:%Y-%m-%d}"


def start_of(day: str) -> datetime:
    """Return the first moment of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def partition(day: str) -> str:
    """Return the partition key of a day."""
    return f"day#{day}"


def key_of(request_id: str) -> "Item":
    """Return the key of a request's item."""
    return {"pk": {"S": partition(day_of(moment_of(request_id)))}, "sk": {"S": request_id}}


def feedback_attribute(position: int) -> str:
    """Return the attribute that holds what people said of the animal at a position, a JSON text."""
    return f"{_FEEDBACK}{position}"


def to_item(batch: PredictionBatch) -> "Item":
    """Encode a batch as one item of the predictions table."""
    columns = {name: to_column([getattr(animal, name) for animal in batch.animals]) for name in FEATURES}
    columns |= {
        name: to_column(values) for name, values in zip(CLASSES, zip(*batch.probabilities, strict=True), strict=True)
    }
    return {
        **key_of(batch.request_id),
        "model_version": {"S": batch.model_version},
        # The answers as a set, so that a search for one species skips the requests that have none of it.
        "species": {"SS": sorted({answers[0] for answers in batch.prediction_sets})},
        "prediction_sets": to_column(batch.prediction_sets),
        **columns,
        **{feedback_attribute(place): {"S": said.model_dump_json()} for place, said in batch.feedback.items()},
    }


def from_item(item: "Item") -> PredictionBatch:
    """Decode an item that `to_item` wrote."""
    features: list[Any] = [from_column(item[name]) for name in FEATURES]
    sets: list[Any] = from_column(item["prediction_sets"])
    probabilities: list[Any] = [from_column(item[name]) for name in CLASSES]
    rows = [dict(zip(FEATURES, row, strict=True)) for row in zip(*features, strict=True)]
    return PredictionBatch(
        request_id=item["sk"]["S"],
        model_version=item["model_version"]["S"],
        animals=_ANIMALS.validate_python(rows),
        probabilities=[list(row) for row in zip(*probabilities, strict=True)],
        prediction_sets=sets,
        feedback={
            int(name.removeprefix(_FEEDBACK)): Feedback.model_validate_json(item[name]["S"])
            for name in item
            if name.startswith(_FEEDBACK)
        },
    )
