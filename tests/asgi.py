"""Send a request to an ASGI application, with exactly the given headers."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from menagerie.same_origin import Application, Receive, Scope, Send

Headers = list[tuple[str, str]]


@dataclass
class Answer:
    """A response. A refused WebSocket has the status 403, as servers send it."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


@dataclass
class Service:
    """An application that counts its requests and, like the emulator, allows every origin."""

    requests: int = 0
    body: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        while True:
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-expose-headers", b"*"), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"secret"})


def ask(
    app: Application,
    method: str = "GET",
    target: str = "/",
    headers: Headers | None = None,
    body: bytes = b"",
    kind: str = "http",
) -> Answer:
    """Return the response to one request. Its body is sent in two pieces."""
    path, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "type": kind,
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers or []],
    }
    pieces = [
        {"type": "http.request", "body": body[:2], "more_body": True},
        {"type": "http.request", "body": body[2:], "more_body": False},
    ]
    answer = Answer(0)

    async def receive() -> dict[str, Any]:
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], message["headers"]
        elif message["type"] == "http.response.body":
            answer.body += message["body"]
        else:
            answer.status = {"websocket.accept": 101, "websocket.close": 403}[message["type"]]

    async def serve() -> None:
        await app(scope, receive, send)

    # asyncio.run would remove the event loop that Mangum uses for the handlers of other tests.
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(serve())
    return answer
