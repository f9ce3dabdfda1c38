"""The one place that turns errors of botocore into errors of this application."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from menagerie.errors import Conflict, NotFound, Unavailable

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
    """Translate what botocore raises inside.

    Args:
        service: what is called, for the text of Unavailable.
        missing: text of the NotFound to raise when the object does not exist; without it that is Unavailable too.
        conflict: text of the Conflict to raise when a condition does not hold.
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
    """Return the service's name for what went wrong, or the HTTP status where there is no name."""
    return error.response.get("Error", {}).get("Code", "unknown")
