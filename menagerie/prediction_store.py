"""Where predictions are kept: what the functions need of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from menagerie.animal import Species
from menagerie.cursor import Cursor
from menagerie.idempotency import IdempotencyKey
from menagerie.prediction import Prediction, PredictionPage
from menagerie.prediction_batch import PredictionBatch

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which predictions to list: those created from `start` to `end`, both included, and after `cursor`."""

    limit: int = 50
    start: datetime | None = None
    end: datetime | None = None
    species: Species | None = None
    cursor: Cursor | None = None


class PredictionStore(Protocol):
    """Every call may raise Unavailable."""

    def add(self, batch: PredictionBatch, key: IdempotencyKey | None = None) -> PredictionBatch:
        """Store the predictions of one request, all or none, and return them.

        With a key under which predictions were stored before, return those and store nothing; raise KeyReused if they
        answered another request, Conflict if such a request is being stored at this moment.
        """
        ...

    def answered(self, key: IdempotencyKey) -> PredictionBatch | None:
        """Return what was stored under a key, None if nothing was; raise KeyReused."""
        ...

    def get(self, prediction_id: str) -> Prediction:
        """Return one prediction; raise NotFound."""
        ...

    def page(self, request: PageRequest) -> PredictionPage:
        """Return predictions, newest request first and in the order of the animals within a request.

        A page may be shorter than its limit, even empty, and still have a `next_cursor`: a search for something rare
        stops after a bounded number of reads and goes on with the next page. Without `next_cursor` there is no more.
        """
        ...
