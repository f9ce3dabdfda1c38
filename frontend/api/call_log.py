"""What this dashboard itself measured of its calls: route, status and milliseconds of the latest ones."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

CALLS_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `status` is None when there was no answer."""

    at: datetime
    route: str
    status: int | None
    milliseconds: float

    @property
    def failed(self) -> bool:
        """Whether there was no answer, or one that says the service failed; a refusal is an answer."""
        return self.status is None or self.status >= 500


class CallLog:
    """The latest `CALLS_KEPT` calls of all visits to this dashboard; appending is safe between threads."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)

    def add(self, route: str, status: int | None, milliseconds: float) -> None:
        """Note a call that has just ended."""
        self._calls.append(Call(datetime.now(UTC), route, status, milliseconds))

    def calls(self) -> list[Call]:
        """Return them, oldest first."""
        return list(self._calls)
