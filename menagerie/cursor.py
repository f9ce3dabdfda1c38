"""The opaque cursor of a page: where the reader stopped, as text that a client only hands back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self

from menagerie.errors import InvalidInput
from menagerie.prediction import MAX_ANIMALS
from menagerie.ulid import is_ulid

CURSOR_PATTERN = r"^[A-Za-z0-9_-]+$"

_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last prediction that a reader has seen; the next page begins after it."""

    request_id: str
    position: int

    def __str__(self) -> str:
        plain = f"{_VERSION}.{self.request_id}.{self.position}"
        return urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor back; raise InvalidInput for anything that `str` did not write."""
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            version, request_id, position = plain.split(".")
            cursor = cls(request_id, int(position))
        except ValueError as error:
            raise InvalidInput("cursor: not one that this service gave out") from error
        possible = is_ulid(request_id) and 0 <= cursor.position < MAX_ANIMALS
        if version != _VERSION or not possible or str(cursor) != text:
            raise InvalidInput("cursor: not one that this service gave out")
        return cursor
