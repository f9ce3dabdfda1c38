"""The port for the true species of predicted animals, which people add and retraining learns from."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from menagerie.animal import Animal, Species
from menagerie.prediction import Feedback, Prediction


class LabelledAnimal(BaseModel):
    """A predicted animal with the true species that a person gave it."""

    model_config = ConfigDict(frozen=True)

    prediction_id: str
    animal: Animal
    species: Species
    given_at: datetime


class FeedbackStore(Protocol):
    """Stores the latest feedback on each prediction. Every method may raise Unavailable."""

    def give(self, prediction: Prediction, feedback: Feedback) -> None:
        """Store the feedback on a stored prediction in place of earlier feedback.

        Raises Conflict if the prediction is not stored, or if there is feedback on the same request at the same time.
        """
        ...

    def given(self) -> list[LabelledAnimal]:
        """Return the animals that have feedback, oldest prediction first."""
        ...
