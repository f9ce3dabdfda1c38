"""What a store reports of an item that it cannot read: a list goes on without it."""

import logging
from collections.abc import Callable

from menagerie.errors import Unreadable

Skipped = Callable[[Unreadable], None]


def log_skipped(item: Unreadable) -> None:
    """Log the key of a skipped item and the reason, where no function's log is at hand."""
    logging.getLogger(__name__).warning("stored item skipped: %s", item)
