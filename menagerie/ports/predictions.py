"""The port for stored predictions, and the cursor with which a client pages through them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from menagerie.animal import Species
from menagerie.errors import InvalidInput
from menagerie.idempotency import IdempotencyKey
from menagerie.prediction import MAX_ANIMALS, Prediction, PredictionBatch, PredictionPage
from menagerie.ulid import is_ulid

CURSOR_PATTERN = r"^[A-Za-z0-9_-]+$"

_CURSOR_VERSION = "1"
_NOT_A_CURSOR = "cursor: not one that this service issued"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last prediction of a page; the next page begins after it. As text it is opaque to the client."""

    request_id: str
    position: int

    def __str__(self) -> str:
        plain = f"{_CURSOR_VERSION}.{self.request_id}.{self.position}"
        return urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor in a text; raise InvalidInput for any text that `str` did not write."""
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            version, request_id, position = plain.split(".")
            cursor = cls(request_id, int(position))
        except ValueError as error:
            raise InvalidInput(_NOT_A_CURSOR) from error
        possible = is_ulid(request_id) and 0 <= cursor.position < MAX_ANIMALS
        if version != _CURSOR_VERSION or not possible or str(cursor) != text:
            raise InvalidInput(_NOT_A_CURSOR)
        return cursor


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which predictions to list: those created from `start` to `end`, both included, and after `cursor`."""

    limit: int = 50
    start: datetime | None = None
    end: datetime | None = None
    species: Species | None = None
    cursor: Cursor | None = None


class PredictionStore(Protocol):
    """Stores the predictions of a request as one unit. Every method may raise Unavailable."""

    def add(self, batch: PredictionBatch, key: IdempotencyKey | None = None) -> PredictionBatch:
        """Store the predictions of one request, all or none, and return them.

        With a key under which predictions were stored before, return those and store nothing; raise KeyReused if they
        answered another request, Conflict if a request with this key is being stored at the same time.
        """
        ...

    def find_by_key(self, key: IdempotencyKey) -> PredictionBatch | None:
        """Return the predictions that were stored under a key, or None; raise KeyReused for another request."""
        ...

    def get(self, prediction_id: str) -> Prediction:
        """Return one prediction; raise NotFound."""
        ...

    def page(self, request: PageRequest) -> PredictionPage:
        """Return predictions, newest request first and in the order of the animals within a request.

        A page may be shorter than its limit, even empty, and still have a `next_cursor`: a search for a rare species
        stops after a bounded number of reads, and the next page continues it. Without `next_cursor` there is no more.
        """
        ...
