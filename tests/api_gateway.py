"""A fake of API Gateway: joins the applications of both HTTP functions, and checks the API key."""

from typing import TYPE_CHECKING

from starlette.routing import Match

from menagerie.api import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

OPEN = ("/health", "/docs", "/openapi.json")


class ApiGateway:
    """Routes each request to its function; unknown routes and missing keys get a 403, as from API Gateway."""

    def __init__(self, *functions: "FastAPI", key: str) -> None:
        self._functions = functions
        self._key = key.encode()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http":
            function = next((each for each in self._functions if _has_route(each, scope)), None)
            has_key = dict(scope["headers"]).get(b"x-api-key") == self._key
            if function and (has_key or scope["path"] in OPEN):
                await function(scope, receive, send)
            else:
                await _forbid(send)


def _has_route(function: "FastAPI", scope: "Scope") -> bool:
    # API Gateway does not treat an escaped slash as a separator.
    as_sent = {**scope, "path": scope["raw_path"].partition(b"?")[0].decode()}
    return any(route.matches(as_sent)[0] is Match.FULL for route in function.routes)


async def _forbid(send: "Send") -> None:
    body = Problem(title="Forbidden", status=403, detail="x-api-key: missing or wrong").model_dump_json().encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
