"""One line for every request: what was asked, what was answered, how long it took."""

from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from functions.http.json_log import JsonLog

_LOG = "menagerie.log"


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
        log: "JsonLog",
        unexpected: "Callable[[BaseException], Response]",
        context: "Callable[[], dict[str, Any]]",
    ) -> None:
        """Take the next application, the log, what answers an unexpected error, and fields for every line."""
        self._app = app
        self._log = log
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
        told = f"{scope['method']} {route} {status}"
        if caught:
            self._log.error(told, caught, **fields)
        elif status >= 500:
            self._log.warning(told, **fields)
        else:
            self._log.info(told, **fields)
