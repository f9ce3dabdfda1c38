"""The log of a function: powertools' Logger, one JSON line for each record on standard output."""

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from menagerie.aws.errors import UnreadableHandler
    from menagerie.errors import Unreadable


def function_log(service: str) -> Logger:
    """Return the log of a function, whose lines carry the name of the service."""
    return Logger(service=service, utc=True, use_rfc3339=True, serialize_stacktrace=False, location=None)


def log_unreadable(log: Logger) -> "UnreadableHandler":
    """Return a function that logs a stored item that a list leaves out, by its key."""

    def on_unreadable(item: "Unreadable") -> None:
        log.warning("stored item skipped", key=item.key, reason=item.reason)

    return on_unreadable
