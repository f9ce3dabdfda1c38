"""Documents of the HTTP API, shared by the functions and by the API's clients.

Documents that are also stored (`Prediction`, `ModelManifest`, `Job`, `TrainingRequest`) have modules of their own.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import from_json

from menagerie.animal import CLASSES, EXAMPLES, FEATURES, KNOWN_SPECIES, Animal, Species
from menagerie.manifest import ModelManifest, Probabilities
from menagerie.prediction import MAX_ANIMALS
from menagerie.service_metrics import Points, SeriesName

_EXAMPLE = KNOWN_SPECIES[-1]
_CONFIDENCE = 0.999874
_ANIMAL_ANSWER: JsonDict = {
    "id": "01KG9YS7G0D4HAWTBSEDNRP5HY-0",
    "species": _EXAMPLE.value,
    "confidence": _CONFIDENCE,
    "probabilities": {
        **dict.fromkeys((species.value for species in CLASSES), 0.0),
        _EXAMPLE.value: _CONFIDENCE,
        Species.UNKNOWN.value: round(1 - _CONFIDENCE, 6),
    },
    "prediction_set": [_EXAMPLE.value],
}
_ANSWER: JsonDict = {
    "request_id": "01KG9YS7G0D4HAWTBSEDNRP5HY",
    "model_version": "20260131T120000Z-0a1b2c3d",
    "created_at": "2026-01-31T12:00:00Z",
    "predictions": [_ANIMAL_ANSWER],
}


class _Document(BaseModel):
    # A function uses few of these, so that none of them delays its cold start: a validator is built when first used.
    model_config = ConfigDict(defer_build=True)


class PredictRequest(_Document):
    """Animals to classify."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"animals": [EXAMPLES[_EXAMPLE].model_dump(mode="json")]}]},
    )

    animals: Annotated[list[Animal], Field(min_length=1, max_length=MAX_ANIMALS)]
    model_version: Annotated[str | None, Field(description="Another model than the current one.")] = None


class AnimalAnswer(_Document):
    """The prediction for one animal."""

    id: Annotated[str, Field(description="Id of the stored prediction.")]
    species: Species
    confidence: Annotated[float, Field(description="Probability of the species.")]
    probabilities: Probabilities
    prediction_set: Annotated[
        list[Species],
        Field(description="Split conformal prediction set, most probable first: the species that cannot be ruled out."),
    ]


class PredictResponse(_Document):
    """Predictions in the order of the animals; all of them are stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    request_id: str
    model_version: str
    created_at: datetime
    predictions: list[AnimalAnswer]


class TrueSpecies(_Document):
    """The true species of an animal; `unknown` if it is none of the known species."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"species": _EXAMPLE.value}]}
    )

    species: Species


class Models(_Document):
    """All models, newest first."""

    current: Annotated[
        str | None,
        Field(description="The current version; null before the first promotion, or if it cannot be read."),
    ]
    items: list[ModelManifest]

    def named(self, version: str | None) -> ModelManifest | None:
        """Return the model of a version, None if there is none."""
        return next((model for model in self.items if model.version == version), None)


class TrainingRows(_Document):
    """Rows that a model was trained on, as they were received and without labels."""

    version: str
    total: Annotated[int, Field(description="Number of all rows; `items` is an even sample of them.")]
    items: list[Animal]


class Promotion(_Document):
    """The version to make current."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"version": "20260131T120000Z-0a1b2c3d"}]}
    )

    version: Annotated[str, Field(max_length=100)]


class Promoted(_Document):
    """The current version; predict functions load it within seconds."""

    version: str
    promoted_at: datetime


class MetricPoint(_Document):
    """The value of one period."""

    at: Annotated[datetime, Field(description="Start of the period.")]
    value: float


class MetricSeries(SeriesName):
    """One metric over time; periods without measurements are left out."""

    model_config = ConfigDict(defer_build=True)

    points: list[MetricPoint]


class CloudMetrics(_Document):
    """Metrics of the functions and of the API, from CloudWatch."""

    start: Annotated[datetime, Field(alias="from", description="The requested time, extended to whole periods.")]
    end: Annotated[datetime, Field(alias="to")]
    period_seconds: int
    series: list[MetricSeries]

    def points(self, source: str, metric: str, statistic: str = "Sum") -> Points:
        """Return the beginning and the value of each period of one figure, none if nothing was counted."""
        name = (source, metric, statistic)
        found = (each.points for each in self.series if (each.source, each.metric, each.statistic) == name)
        return [(point.at, point.value) for point in next(found, [])]

    def total(self, source: str, metric: str) -> int:
        """Return a count over the whole time."""
        return round(sum(value for _, value in self.points(source, metric)))


class Health(_Document):
    """Whether predictions can be made."""

    status: Literal["ok"] = "ok"
    model_version: str


class FieldError(_Document):
    """One field that cannot be used."""

    field: Annotated[str, Field(examples=[f"animals.3.{FEATURES[1]}"])]
    message: Annotated[str, Field(examples=["Input should be greater than 0"])]


class Problem(_Document):
    """A problem document, RFC 9457."""

    type: Literal["about:blank"] = "about:blank"
    title: Annotated[str, Field(examples=["Unprocessable Content"])]
    status: Annotated[int, Field(examples=[422])]
    detail: Annotated[str, Field(examples=["1 field cannot be used."])]
    errors: Annotated[list[FieldError] | None, Field(description="With 422: the fields, at most 100 of them.")] = None


def read_problem(status: int, body: bytes) -> Problem | None:
    """Return the problem document in the body of a response, None if it is not one.

    A gateway's own documents may lack `title` and `status`, as RFC 9457 allows, and a newer API may add fields.
    """
    try:
        document = {"title": "", "status": status, **from_json(body)}
        return Problem.model_validate({**document, "type": "about:blank"}, extra="ignore")
    except (TypeError, ValueError):
        return None
