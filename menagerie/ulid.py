"""ULIDs: identifiers that sort by time and tell their own moment (https://github.com/ulid/spec)."""

import re
import secrets
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_RANDOM_BITS = 80
_LENGTH = 26
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)

FIRST_ULID = "0" * _LENGTH
ULID_PATTERN = re.compile(rf"[0-7][{_ALPHABET}]{{25}}")


def new_ulid(at: datetime, *, after: str | None = None) -> str:
    """Return a fresh ULID for a moment, which it keeps to the millisecond.

    With `after`, the result sorts behind that ULID even if the clock was set back in between. It is then the next
    larger number, as for the specification's monotonic ULIDs.
    """
    fresh = _text(_milliseconds(at) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS))
    return _text(_number(after) + 1) if after is not None and fresh <= after < LAST_ULID else fresh


def lowest_ulid(at: datetime) -> str:
    """Return the smallest ULID of the millisecond that a moment falls into."""
    return _text(_milliseconds(at) << _RANDOM_BITS)


def highest_ulid(at: datetime) -> str:
    """Return the greatest ULID of the millisecond that a moment falls into."""
    return _text((_milliseconds(at) + 1 << _RANDOM_BITS) - 1)


def is_ulid(text: str) -> bool:
    """Tell whether a text is a ULID of a moment that a datetime can hold."""
    return ULID_PATTERN.fullmatch(text) is not None and _stored_milliseconds(text) <= _LAST_MILLISECOND


def moment_of(ulid: str) -> datetime:
    """Return the moment of a ULID, in UTC and to the millisecond."""
    return _EPOCH + timedelta(milliseconds=_stored_milliseconds(ulid))


def _milliseconds(at: datetime) -> int:
    return max(0, (at - _EPOCH) // timedelta(milliseconds=1))


def _stored_milliseconds(ulid: str) -> int:
    return _number(ulid[:10])


def _number(text: str) -> int:
    number = 0
    for letter in text:
        number = number << 5 | _VALUES[letter]
    return number


def _text(number: int) -> str:
    # Two letters at a time: every request needs one of these.
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * (_LENGTH - 2), -1, -10)])


# Of the last moment that a datetime can hold, not of the last that a ULID could.
LAST_ULID = highest_ulid(datetime.max.replace(tzinfo=UTC))
