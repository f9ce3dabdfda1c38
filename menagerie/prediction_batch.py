"""The predictions of one request: what is answered, stored as one item, and read back one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Self

from menagerie.animal import CLASSES, Animal, Species
from menagerie.prediction import MAX_ANIMALS, Feedback, Prediction
from menagerie.ulid import is_ulid, moment_of

if TYPE_CHECKING:
    from menagerie.classifier import Classification

# float32 carries about seven digits: more would be noise, and what is answered must equal what is read back.
PROBABILITY_DIGITS = 6
_TEXT = {species: species.value for species in Species}


@dataclass(frozen=True, slots=True)
class PredictionBatch:
    """One model's answers to n animals."""

    request_id: str
    model_version: str
    animals: list[Animal]
    probabilities: list[list[float]]
    """n rows of five, columns as in `CLASSES`, rounded to `PROBABILITY_DIGITS`."""
    prediction_sets: list[list[str]]
    """Species, most probable first; the first is the answer.

    Plain text, because pydantic takes thirty times as long to write members of an enumeration as JSON.
    """
    feedback: Mapping[int, Feedback] = field(default_factory=dict)
    """What people said of the animals, by position."""

    @classmethod
    def of(cls, request_id: str, version: str, animals: list[Animal], answers: "Classification") -> Self:
        """Make the batch of one request from what the classifier said of its animals."""
        rounded = answers.probabilities.astype("float64").round(PROBABILITY_DIGITS).tolist()
        sets = [[_TEXT[species] for species in answer] for answer in answers.prediction_sets]
        return cls(request_id, version, animals, rounded, sets)

    def __len__(self) -> int:
        return len(self.animals)

    @property
    def created_at(self) -> datetime:
        """When the request was answered; the request id says it."""
        return moment_of(self.request_id)

    def species(self, position: int) -> Species:
        """Return the answer to the animal at a position."""
        return Species(self.prediction_sets[position][0])

    def prediction(self, position: int) -> Prediction:
        """Return the whole prediction of the animal at a position."""
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
    """Name the prediction at a position of a request."""
    return f"{request_id}-{position}"


def parse_prediction_id(text: str) -> tuple[str, int] | None:
    """Return the request id and the position that a prediction id names, or None for any other text."""
    request_id, _, digits = text.partition("-")
    if not is_ulid(request_id) or not (
        digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_ANIMALS))
    ):
        return None
    position = int(digits)
    return (request_id, position) if prediction_id(request_id, position) == text else None
