"""The API's answers as typed values. Parsing raises KeyError, TypeError or ValueError for anything else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]

MAX_LEGS = 8
MAX_HEIGHT_M = 30.0
MAX_WEIGHT_KG = 200_000.0
PAGE_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Animal:
    """What is known of an animal: metres, kilograms."""

    walks_on_n_legs: int
    height: float
    weight: float
    has_wings: bool
    has_tail: bool

    def to_json(self) -> dict[str, Any]:
        """Return the row as the API takes it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One classified animal, as it is stored."""

    id: str
    created_at: datetime
    animal: Animal
    species: str
    confidence: float
    probabilities: dict[str, float]
    prediction_set: list[str]
    model_version: str
    feedback: str | None = None
    """The true species, if a person has given it."""


@dataclass(frozen=True, slots=True)
class PredictionPage:
    """Newest first; `next_cursor` asks for what follows. A page may be short, even empty, and still have a cursor."""

    items: list[Prediction]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Some of the rows that a model was trained from, evenly spread over all `total` of them."""

    version: str
    total: int
    animals: list[Animal]


@dataclass(frozen=True, slots=True)
class Health:
    """What the predict function says of itself."""

    status: str
    model_version: str


def parse_answer(body: Json, animals: Sequence[Animal]) -> list[Prediction]:
    """Join the answer of `POST /predict` with the animals that were sent, in their order."""
    created_at = datetime.fromisoformat(body["created_at"])
    version = str(body["model_version"])
    return [
        _parse_prediction(item, animal, created_at, version)
        for item, animal in zip(body["predictions"], animals, strict=True)
    ]


def parse_page(body: Json) -> PredictionPage:
    """Read the answer of `GET /predictions`."""
    cursor = body.get("next_cursor")
    return PredictionPage([parse_stored(item) for item in body["items"]], None if cursor is None else str(cursor))


def parse_stored(item: Json) -> Prediction:
    """Read one stored prediction."""
    created_at = datetime.fromisoformat(item["created_at"])
    return _parse_prediction(item, _parse_animal(item["animal"]), created_at, str(item["model_version"]))


def parse_rows(body: Json) -> TrainingRows:
    """Read the answer of `GET /models/{version}/rows`."""
    return TrainingRows(str(body["version"]), int(body["total"]), [_parse_animal(row) for row in body["items"]])


def parse_health(body: Json) -> Health:
    """Read the answer of `GET /health`."""
    return Health(str(body["status"]), str(body["model_version"]))


def _parse_prediction(item: Json, animal: Animal, created_at: datetime, version: str) -> Prediction:
    feedback = item.get("feedback")
    return Prediction(
        id=str(item["id"]),
        created_at=created_at,
        animal=animal,
        species=str(item["species"]),
        confidence=float(item["confidence"]),
        probabilities={str(name): float(share) for name, share in item["probabilities"].items()},
        prediction_set=[str(name) for name in item["prediction_set"]],
        model_version=version,
        feedback=None if feedback is None else str(feedback["species"]),
    )


def _parse_animal(row: Json) -> Animal:
    return Animal(
        walks_on_n_legs=int(row["walks_on_n_legs"]),
        height=float(row["height"]),
        weight=float(row["weight"]),
        has_wings=bool(row["has_wings"]),
        has_tail=bool(row["has_tail"]),
    )
