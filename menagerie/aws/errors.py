"""Errors of the adapters: those of botocore become errors of this application, and unreadable items are reported."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from menagerie.errors import Conflict, NotFound, Unavailable, Unreadable

UnreadableHandler = Callable[[Unreadable], None]
"""Called with a stored item that a store skips because it cannot be read."""

_MISSING = {"NoSuchKey", "404"}
_CONFLICT = {
    "PreconditionFailed",
    "412",
    "ConditionalRequestConflict",
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
}


@contextmanager
def aws_errors(service: str, *, missing: str | None = None, conflict: str | None = None) -> Iterator[None]:
    """Translate the errors that botocore raises inside the block.

    Args:
        service: name of the service, for the text of Unavailable.
        missing: text of the NotFound to raise when the object does not exist; without it, Unavailable is raised.
        conflict: text of the Conflict to raise when a condition is not met; without it, Unavailable is raised.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if missing is not None and code in _MISSING:
            raise NotFound(missing) from error
        if conflict is not None and code in _CONFLICT:
            raise Conflict(conflict) from error
        raise Unavailable(f"{service} refused: {code}") from error
    except BotoCoreError as error:
        raise Unavailable(f"{service} does not answer: {error}") from error


def error_code(error: ClientError) -> str:
    """Return the error code of the service, or the HTTP status for a response without one."""
    return error.response.get("Error", {}).get("Code", "unknown")


def log_unreadable(item: Unreadable) -> None:
    """Log the key of a skipped item and the reason; the default `UnreadableHandler`."""
    logging.getLogger(__name__).warning("stored item skipped: %s", item)
