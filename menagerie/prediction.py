"""A prediction as it is answered, stored and listed, and the true answer that a person may add."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from menagerie.animal import Animal, Species
from menagerie.manifest import Probabilities

MAX_ANIMALS = 1000


class Feedback(BaseModel):
    """The true species, as a person said it."""

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
    """Newest first; `next_cursor` asks for what follows."""

    items: list[Prediction]
    next_cursor: str | None = None
    skipped: Annotated[
        int, Field(ge=0, description="Stored requests among these that cannot be read; the log has their keys.")
    ] = 0
