"""The true species of predicted animals, as people said them: what a retraining learns from."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from menagerie.animal import Animal, Species
from menagerie.prediction import Feedback, Prediction


class LabelledAnimal(BaseModel):
    """A predicted animal with the true species that somebody gave it."""

    model_config = ConfigDict(frozen=True)

    prediction_id: str
    animal: Animal
    species: Species
    given_at: datetime


class FeedbackStore(Protocol):
    """Every call may raise Unavailable."""

    def give(self, prediction: Prediction, feedback: Feedback) -> None:
        """Store the true species of a stored prediction, in place of what was said before; raise Conflict."""
        ...

    def given(self) -> list[LabelledAnimal]:
        """Return the last word on every prediction that has one, oldest prediction first."""
        ...
