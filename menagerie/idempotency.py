"""Idempotency keys: a client's name for one request, so that a repeated request gets the first answer.

The header of draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from menagerie.errors import InvalidInput

KEY_HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255
KEPT = timedelta(hours=24)
"""For at least this time, a repeated request gets the first answer."""
CLOCK_STEP = timedelta(days=2)
"""A clock that is corrected by this much must not make a key expire early, or its request would be processed twice."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key, and the digest of the request that it was sent with."""

    key: str
    digest: str

    @classmethod
    def of(cls, key: str, request: bytes) -> Self:
        """Return the key of a request; raise InvalidInput if the text cannot be a key."""
        if not (0 < len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
            raise InvalidInput(f"must be 1 to {MAX_KEY_LENGTH} printable ASCII characters")
        return cls(key, hashlib.sha256(request).hexdigest())
