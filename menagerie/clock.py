"""The clock that code takes as a parameter, and its default."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

Clock = Callable[[], datetime]
"""Returns the present moment, with a time zone."""

utc_now: Clock = partial(datetime.now, UTC)
