"""Many animals classified in batches of what the API takes at once, keeping what was answered when one fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

from frontend.api.errors import ApiError
from menagerie.animal import Animal
from menagerie.prediction import Prediction

# Smaller than what the API takes, so that the bar moves and no batch comes near the gateway's 29 s.
BATCH = 500


class Classifier(Protocol):
    """The one thing this needs of a client."""

    def predict(
        self, animals: Sequence[Animal], *, model_version: str | None = None, idempotency_key: str | None = None
    ) -> list[Prediction]:
        """Classify up to `MAX_ANIMALS` animals, in their order; the same key gives the first answer again."""
        ...


def new_key() -> str:
    """Return a key of its own for something that is to be stored once."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answers to the first `len(predictions)` animals, and why there are no more if there are not."""

    animals: list[Animal]
    predictions: list[Prediction] = field(default_factory=list)
    error: ApiError | None = None
    model_version: str | None = None
    """Which model is asked; None for the current one."""
    key: str = field(default_factory=new_key)
    """Names the whole; stays when the rest is sent again, so that a batch whose answer got lost is not stored twice."""

    @property
    def missing(self) -> int:
        """How many animals have no answer."""
        return len(self.animals) - len(self.predictions)


def classify_all(
    classifier: Classifier, asked: Outcome, report: Callable[[int, int], None], *, batch: int = BATCH
) -> Outcome:
    """Classify what has no answer yet, telling `report` how many of how many do; stops at the first error."""
    answered = list(asked.predictions)
    while len(answered) < len(asked.animals):
        report(len(answered), len(asked.animals))
        try:
            answered += classifier.predict(
                asked.animals[len(answered) : len(answered) + batch],
                model_version=asked.model_version,
                idempotency_key=f"{asked.key}-{len(answered)}",
            )
        except ApiError as error:
            return replace(asked, predictions=answered, error=error)
    report(len(answered), len(asked.animals))
    return replace(asked, predictions=answered, error=None)
