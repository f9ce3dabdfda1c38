"""Stored predictions that tests share."""

from datetime import UTC, datetime, timedelta

from menagerie.animal import Animal, Species
from menagerie.prediction import Feedback, Prediction

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
DOG = Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True)


def prediction(species: str = "dog", minutes: float = 0, feedback: str | None = None) -> Prediction:
    """Return a prediction made some minutes after noon."""
    return Prediction(
        id=f"{species}-{minutes}",
        created_at=NOON + timedelta(minutes=minutes),
        animal=DOG,
        species=Species(species),
        confidence=0.9,
        probabilities={Species(species): 0.9, Species.UNKNOWN: 0.1},
        prediction_set=[Species(species)],
        model_version="20260131T120000Z-0a1b2c3d",
        feedback=Feedback(species=Species(feedback), given_at=NOON) if feedback else None,
    )
