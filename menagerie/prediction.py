"""Predictions: as one request makes them, as they are listed, and the true species that a person may add."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from menagerie.animal import CLASSES, Animal, Species
from menagerie.manifest import Probabilities
from menagerie.ulid import is_ulid, new_ulid, to_the_millisecond

if TYPE_CHECKING:
    from menagerie.classifier import Classification

MAX_ANIMALS = 1000
MAX_PAGE = 100
# float32 carries about seven digits: more would be noise, and a prediction must equal the one that is read back later.
PROBABILITY_DIGITS = 6
_TEXT = {species: species.value for species in Species}


class Feedback(BaseModel):
    """The true species, as a person gave it."""

    model_config = ConfigDict(frozen=True)

    species: Species
    given_at: datetime


class Prediction(BaseModel):
    """One classified animal."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    id: str
    created_at: datetime
    animal: Animal
    species: Species
    confidence: Annotated[float, Field(description="Probability of the species.")]
    probabilities: Probabilities
    prediction_set: Annotated[list[Species], Field(description="Split conformal prediction set, most probable first.")]
    model_version: str
    feedback: Feedback | None = None


class PredictionPage(BaseModel):
    """Predictions, newest first; `next_cursor` requests the next page."""

    items: list[Prediction]
    next_cursor: str | None = None
    skipped: Annotated[
        int, Field(ge=0, description="Stored requests in this range that cannot be read; the log has their keys.")
    ] = 0


@dataclass(frozen=True, slots=True)
class PredictionBatch:
    """The predictions of one request: one model's answers to n animals, column by column."""

    request_id: str
    """A ULID of `created_at`."""
    created_at: datetime
    """UTC, to the millisecond."""
    model_version: str
    animals: list[Animal]
    probabilities: list[list[float]]
    """n rows, columns as in `CLASSES`, rounded to `PROBABILITY_DIGITS`."""
    prediction_sets: list[list[str]]
    """Species, most probable first; the first is the predicted one.

    Plain text, because pydantic takes thirty times as long to write members of an enumeration as JSON.
    """
    feedback: Mapping[int, Feedback] = field(default_factory=dict)
    """Feedback by the position of the animal."""

    @classmethod
    def of(cls, now: datetime, version: str, animals: list[Animal], answers: "Classification") -> Self:
        """Return the batch of a request that was answered now by a model version, with a new request id."""
        rounded = answers.probabilities.astype("float64").round(PROBABILITY_DIGITS).tolist()
        sets = [[_TEXT[species] for species in answer] for answer in answers.prediction_sets]
        return cls(new_ulid(now), to_the_millisecond(now), version, animals, rounded, sets)

    def __len__(self) -> int:
        return len(self.animals)

    def species(self, position: int) -> Species:
        """Return the predicted species of the animal at a position."""
        return Species(self.prediction_sets[position][0])

    def prediction(self, position: int) -> Prediction:
        """Return the prediction of the animal at a position."""
        probabilities = dict(zip(CLASSES, self.probabilities[position], strict=True))
        species = self.species(position)
        return Prediction(
            id=prediction_id(self.request_id, position),
            created_at=self.created_at,
            animal=self.animals[position],
            species=species,
            confidence=probabilities[species],
            probabilities=probabilities,
            prediction_set=[Species(each) for each in self.prediction_sets[position]],
            model_version=self.model_version,
            feedback=self.feedback.get(position),
        )


def prediction_id(request_id: str, position: int) -> str:
    """Return the id of the prediction at a position of a request."""
    return f"{request_id}-{position}"


def parse_prediction_id(text: str) -> tuple[str, int] | None:
    """Return the request id and the position in a prediction id, or None for any other text."""
    request_id, _, digits = text.partition("-")
    if not is_ulid(request_id) or not (
        digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_ANIMALS))
    ):
        return None
    position = int(digits)
    return (request_id, position) if prediction_id(request_id, position) == text else None
