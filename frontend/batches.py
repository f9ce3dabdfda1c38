"""Many animals classified in batches of what the API takes at once, keeping what was answered when one fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from frontend.contract import Animal, Prediction
from frontend.errors import ApiError

MAX_BATCH = 1000
# Smaller than what the API takes, so that the bar moves and no batch comes near the gateway's 29 s.
BATCH = 500


class Classifier(Protocol):
    """The one thing this needs of a client."""

    def predict(self, animals: Sequence[Animal]) -> list[Prediction]:
        """Classify up to `MAX_BATCH` animals, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answers to the first `len(predictions)` animals, and why there are no more if there are not."""

    animals: list[Animal]
    predictions: list[Prediction]
    error: ApiError | None = None

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
            answered += classifier.predict(asked.animals[len(answered) : len(answered) + batch])
        except ApiError as error:
            return Outcome(asked.animals, answered, error)
    report(len(answered), len(asked.animals))
    return Outcome(asked.animals, answered)
