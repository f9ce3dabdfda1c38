"""Classification of many animals in batches; the predictions of earlier batches are kept when one fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

from frontend.api.errors import ApiError
from menagerie.animal import Animal
from menagerie.prediction import Prediction

# Half of what the API accepts: the progress bar moves more often, and a batch stays far below the gateway's 29 s.
BATCH = 500


class Classifier(Protocol):
    """The method of the client that batches need."""

    def predict(
        self, animals: Sequence[Animal], *, model_version: str | None = None, idempotency_key: str | None = None
    ) -> list[Prediction]:
        """Classify animals, in their order; a repeated key returns the first answer."""
        ...


def new_key() -> str:
    """Return a new idempotency key."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Outcome:
    """The predictions of the first `len(predictions)` animals, and the error that stopped the rest, if any."""

    animals: list[Animal]
    predictions: list[Prediction] = field(default_factory=list)
    error: ApiError | None = None
    model_version: str | None = None
    """The model that classifies; None for the current one."""
    key: str = field(default_factory=new_key)
    """Prefix of the batches' idempotency keys. It stays the same when the rest is sent again, so that a batch whose
    answer was lost is not stored twice."""

    @property
    def missing(self) -> int:
        """The number of animals without a prediction."""
        return len(self.animals) - len(self.predictions)


def classify_all(
    classifier: Classifier, outcome: Outcome, report: Callable[[int, int], None], *, batch: int = BATCH
) -> Outcome:
    """Classify the animals that have no prediction yet, up to the first error.

    `report` is called with the numbers of classified animals and of all animals, before the first batch and after each.
    """
    predictions = list(outcome.predictions)
    report(len(predictions), len(outcome.animals))
    while len(predictions) < len(outcome.animals):
        try:
            predictions += classifier.predict(
                outcome.animals[len(predictions) : len(predictions) + batch],
                model_version=outcome.model_version,
                idempotency_key=f"{outcome.key}-{len(predictions)}",
            )
        except ApiError as error:
            return replace(outcome, predictions=predictions, error=error)
        report(len(predictions), len(outcome.animals))
    return replace(outcome, predictions=predictions, error=None)
