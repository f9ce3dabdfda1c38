"""ULIDs: identifiers that sort by time and contain the moment of their creation (https://github.com/ulid/spec)."""

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
    """Return a new ULID of a moment, which it contains to the millisecond.

    With `after`, the result sorts behind that ULID even if the clock was set back in between. It is then the next
    larger number, as the specification defines it for monotonic ULIDs.
    """
    fresh = _text(_milliseconds(at) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS))
    return _text(_number(after) + 1) if after is not None and fresh <= after < LAST_ULID else fresh


def lowest_ulid(at: datetime) -> str:
    """Return the smallest ULID of a moment's millisecond."""
    return _text(_milliseconds(at) << _RANDOM_BITS)


def highest_ulid(at: datetime) -> str:
    """Return the greatest ULID of a moment's millisecond."""
    return _text((_milliseconds(at) + 1 << _RANDOM_BITS) - 1)


def is_ulid(text: str) -> bool:
    """Return whether a text is a ULID whose moment fits into a datetime."""
    return ULID_PATTERN.fullmatch(text) is not None and _stored_milliseconds(text) <= _LAST_MILLISECOND


def moment_of(ulid: str) -> datetime:
    """Return the moment that a ULID contains, in UTC and to the millisecond; raise ValueError for any other text."""
    if not ULID_PATTERN.fullmatch(ulid):
        raise ValueError(f"{ulid[:40]!r} is not a ULID")
    try:
        return _EPOCH + timedelta(milliseconds=_stored_milliseconds(ulid))
    except OverflowError as error:
        raise ValueError(f"the time of {ulid} is after the year 9999") from error


def to_the_millisecond(at: datetime) -> datetime:
    """Return the moment that a ULID of this one contains, without parsing the ULID."""
    return max(_EPOCH, at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000))


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
    # Two letters at a time: every request creates an id.
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * (_LENGTH - 2), -1, -10)])


# The last moment of a datetime, not that of a ULID, which is later.
LAST_ULID = highest_ulid(datetime.max.replace(tzinfo=UTC))
