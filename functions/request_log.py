"""One line of JSON for every request: what was asked, what was answered, how long it took."""

import logging
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any, TextIO

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = "menagerie.log"


class _CurrentStdout(logging.StreamHandler[TextIO]):
    """Writes to what sys.stdout is when a line is written: the emulator and the tests exchange it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class sets an attribute once
        return sys.stdout


def structured_logger() -> Logger:
    """Return the logger of this function; powertools reads POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    return Logger(logger_handler=_CurrentStdout(), utc=True, use_rfc3339=True, location=None)


def log_of(scope: "Scope") -> dict[str, Any]:
    """Return the fields of this request's line, to which a route may add its own."""
    fields: dict[str, Any] = scope.setdefault(_LOG, {})
    return fields


class RequestLog:
    """ASGI middleware that writes the line, and answers what nobody else caught.

    Exactly one line a request: CloudWatch bills by the byte, and the emulator waits up to 50 ms for the first line.
    """

    def __init__(
        self,
        app: "ASGIApp",
        *,
        logger: Logger,
        unexpected: "Callable[[BaseException], Response]",
        context: "Callable[[], dict[str, Any]]",
    ) -> None:
        """Take the next application, the logger, what answers an unexpected error, and fields for every line."""
        self._app = app
        self._logger = logger
        self._unexpected = unexpected
        self._context = context
        self._cold = True

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve a request and write its line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 0
        caught: Exception | None = None

        async def send_and_note(message: "Message") -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        fields = log_of(scope)
        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets an answer and the log its traceback
            caught = error
            await self._unexpected(error)(scope, receive, send_and_note)
        route = getattr(scope.get("route"), "path", "unmatched")
        fields = {
            **self._context(),
            **fields,
            "request_id": getattr(scope.get("aws.context"), "aws_request_id", None),
            "method": scope["method"],
            "route": route,
            "status": status,
            "duration_ms": round((perf_counter() - began) * 1000, 3),
            "cold_start": self._cold,
        }
        self._cold = False
        write = self._logger.error if caught else self._logger.warning if status >= 500 else self._logger.info
        write("%s %s %d", scope["method"], route, status, exc_info=caught, extra=fields)
