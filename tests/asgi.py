"""Asks an ASGI application one question, with exactly the headers that a test gives."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from menagerie.same_origin import Application, Receive, Scope, Send

Headers = list[tuple[str, str]]


@dataclass
class Answer:
    """What came back; a WebSocket that was refused has the status 403, as servers answer it."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


@dataclass
class Service:
    """An application that counts what reaches it, and answers like an emulator that allows every origin."""

    reached: int = 0
    body: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
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
    """Return the answer to one request whose body comes in two pieces."""
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

    # Not asyncio.run, which forgets the loop that Mangum keeps for the handlers of other tests.
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(serve())
    return answer
