"""What the predict function reads and answers, beside the words that all parts share."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from menagerie.animal import Animal, Species
from menagerie.manifest import ModelManifest, Probabilities
from menagerie.prediction import MAX_ANIMALS
from menagerie.service_metrics import SeriesName

_DOG: JsonDict = {"walks_on_n_legs": 4, "height": 0.5, "weight": 25.0, "has_wings": False, "has_tail": True}
_DOG_ANSWER: JsonDict = {
    "id": "01KG9YS7G0D4HAWTBSEDNRP5HY-0",
    "species": "dog",
    "confidence": 0.999874,
    "probabilities": {"kangaroo": 0.0, "elephant": 0.0, "chicken": 0.0, "dog": 0.999874, "unknown": 0.000126},
    "prediction_set": ["dog"],
}
_ANSWER: JsonDict = {
    "request_id": "01KG9YS7G0D4HAWTBSEDNRP5HY",
    "model_version": "20260131T120000Z-0a1b2c3d",
    "created_at": "2026-01-31T12:00:00Z",
    "predictions": [_DOG_ANSWER],
}


class PredictRequest(BaseModel):
    """Animals to classify."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"animals": [_DOG]}]})

    animals: Annotated[list[Animal], Field(min_length=1, max_length=MAX_ANIMALS)]
    model_version: Annotated[str | None, Field(description="Another model than the current one.")] = None


class AnimalAnswer(BaseModel):
    """What the model says of one animal."""

    id: Annotated[str, Field(description="Names the stored prediction.")]
    species: Species
    confidence: Annotated[float, Field(description="Probability of the species.")]
    probabilities: Probabilities
    prediction_set: Annotated[
        list[Species],
        Field(description="Split conformal prediction set, most probable first: what cannot be ruled out."),
    ]


class PredictResponse(BaseModel):
    """Answers in the order of the animals; each has been stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    request_id: str
    model_version: str
    created_at: datetime
    predictions: list[AnimalAnswer]


class TrueSpecies(BaseModel):
    """What an animal really was; `unknown` says that it was none of the four."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"species": "dog"}]})

    species: Species


class Models(BaseModel):
    """All versions, newest first."""

    current: Annotated[
        str | None,
        Field(description="The version to answer; null before the first promotion, or if unreadable."),
    ]
    items: list[ModelManifest]


class TrainingRows(BaseModel):
    """Rows that a model was trained from, as they were received and without labels."""

    version: str
    total: Annotated[int, Field(description="How many there are; `items` is spread evenly over them.")]
    items: list[Animal]


class MetricPoint(BaseModel):
    """What came of one period."""

    at: Annotated[datetime, Field(description="When the period begins.")]
    value: float


class MetricSeries(SeriesName):
    """One figure over time; periods in which nothing happened are left out."""

    points: list[MetricPoint]


class CloudMetrics(BaseModel):
    """What the cloud itself counts, from CloudWatch: each function, and the API before them."""

    start: Annotated[datetime, Field(alias="from", description="The time asked for, widened to whole periods.")]
    end: Annotated[datetime, Field(alias="to")]
    period_seconds: int
    series: list[MetricSeries]


class Health(BaseModel):
    """Whether predictions can be made."""

    status: Literal["ok"] = "ok"
    model_version: str


_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}($|[T ])")


def _iso_8601(value: object) -> object:
    """Refuse what pydantic would read as seconds since 1970, and restore a plus sign.

    In the query string 2026-01-31T12:00:00+01:00, an unescaped plus sign arrives as a blank.
    """
    if not isinstance(value, str) or not _ISO_8601.match(value):
        raise ValueError("input should be ISO 8601, as in 2026-01-31T12:00:00Z")  # pydantic's way
    return value.replace(" ", "+") if "T" in value else value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("input should be between the years 1 and 9999 in UTC") from error


Moment = Annotated[datetime, BeforeValidator(_iso_8601), AfterValidator(_in_utc)]
