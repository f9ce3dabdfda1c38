"""Replace the 5xx responses of the emulated API Gateway by the problem document that template.yaml declares for AWS.

MiniStack ignores the gateway responses of a SAM template. When a function crashes, its response is the function's
output, which contains paths of this machine.
"""

import json
from http import HTTPStatus
from typing import Any

from menagerie.same_origin import Application, Receive, Scope, Send, header_values

MEDIA_TYPE = b"application/problem+json"
NO_ANSWER = "The function behind the gateway gave no answer. Try again."


class GatewayErrorsMiddleware:
    """Replaces each 5xx response of a REST API that is not a problem document."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not _is_execute_api(scope):
            await self._app(scope, receive, send)
            return
        error: dict[str, Any] | None = None

        async def send_or_replace(message: Any) -> None:  # noqa: ANN401  # any ASGI message
            nonlocal error
            if message["type"] == "http.response.start" and _is_plain_error(message):
                error = dict(message)
            elif error is None:
                await send(message)
            elif not message.get("more_body", False):
                document = json.dumps(_problem(error["status"])).encode()
                kept = [(name, value) for name, value in error["headers"] if name.lower() not in _REPLACED]
                headers = [*kept, (b"content-type", MEDIA_TYPE), (b"content-length", str(len(document)).encode())]
                await send({**error, "headers": headers})
                await send({"type": "http.response.body", "body": document})

        await self._app(scope, receive, send_or_replace)


_REPLACED = (b"content-type", b"content-length")


def _is_execute_api(scope: Scope) -> bool:
    return "/execute-api/" in scope["path"] or any(".execute-api." in host for host in header_values(scope, b"host"))


def _is_plain_error(start: Any) -> bool:  # noqa: ANN401
    types = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return start["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR and MEDIA_TYPE not in types


def _problem(status: int) -> dict[str, Any]:
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": NO_ANSWER}
