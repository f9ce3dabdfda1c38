"""How the predictions of one request look in DynamoDB: one item, a column of text for each field.

A request of 1000 animals takes some 90 KB, and 150 KB if every number is as long as numbers get: it always fits one
item of 400 KB, so storing it is one atomic write.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter

from menagerie.animal import CLASSES, FEATURES, Animal
from menagerie.aws.codec import from_column, to_column
from menagerie.errors import Unreadable
from menagerie.prediction import MAX_ANIMALS, Feedback
from menagerie.prediction_batch import PredictionBatch
from menagerie.skipped import Skipped, log_skipped
from menagerie.ulid import is_ulid, moment_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, "AttributeValueTypeDef"]

# What is read back is checked as strictly as what is sent: answers are made of it without a look at each row.
_Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Answer = Annotated[str, Field(pattern=f"^({'|'.join(CLASSES)})$")]
_ANIMALS: TypeAdapter[list[Animal]] = TypeAdapter(Annotated[list[Animal], Field(min_length=1, max_length=MAX_ANIMALS)])
_PROBABILITIES = TypeAdapter(list[list[_Probability]])
_PREDICTION_SETS = TypeAdapter(list[Annotated[list[_Answer], Field(min_length=1)]])
_FEEDBACK = "feedback#"


def day_of(moment: datetime) -> str:
    """Return the day whose partition holds what was stored at a moment, such as 2026-01-31."""
    return f"{moment:%Y-%m-%d}"


def is_day(text: str) -> bool:
    """Tell whether a text is a day as `day_of` writes it."""
    try:
        return day_of(start_of(text)) == text
    except ValueError:
        return False


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


def from_item(item: "Item", skipped: Skipped = log_skipped) -> PredictionBatch:
    """Decode an item that `to_item` wrote; raise Unreadable. Feedback that cannot be read is skipped alone."""
    key = f"{item['pk'].get('S')}/{item['sk'].get('S')}"
    try:
        request_id = item["sk"]["S"]
        if not is_ulid(request_id) or item["pk"] != key_of(request_id)["pk"]:
            raise ValueError("the key is not that of a request")
        features: list[Any] = [from_column(item[name]) for name in FEATURES]
        rows = [dict(zip(FEATURES, row, strict=True)) for row in zip(*features, strict=True)]
        probabilities = zip(*[from_column(item[name]) for name in CLASSES], strict=True)
        batch = PredictionBatch(
            request_id=request_id,
            model_version=item["model_version"]["S"],
            animals=_ANIMALS.validate_python(rows),
            probabilities=_PROBABILITIES.validate_python(list(map(list, probabilities))),
            prediction_sets=_PREDICTION_SETS.validate_python(from_column(item["prediction_sets"])),
            feedback=_feedback(item, key, skipped),
        )
        if not len(batch.animals) == len(batch.probabilities) == len(batch.prediction_sets):
            raise ValueError("the columns differ in length")
    except (LookupError, TypeError, ValueError) as error:
        raise Unreadable(key, error) from error
    return batch


def _feedback(item: "Item", key: str, skipped: Skipped) -> dict[int, Feedback]:
    feedback = {}
    for name in item:
        if name.startswith(_FEEDBACK):
            try:
                feedback[int(name.removeprefix(_FEEDBACK))] = Feedback.model_validate_json(item[name]["S"])
            except (KeyError, ValueError) as error:
                skipped(Unreadable(f"{key}/{name}", error))
    return feedback
