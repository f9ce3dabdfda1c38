"""ASGI middleware that protects servers on this machine against the pages of other sites: it checks Host and Origin.

A browser lets every page send requests to 127.0.0.1, and a page whose own name is made to resolve to 127.0.0.1 (DNS
rebinding) can even read the responses. Such a request has a foreign `Host`, a foreign `Origin`, or `Sec-Fetch-Site`.
This module imports the standard library only, so that a container can use this file alone.
"""

import json
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
OWN_SITE = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site for requests of a server's own pages and for addresses that a person typed."""

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


class SameOriginMiddleware:
    """Responds with 403 to requests that a page of another origin may have sent, without calling the application.

    Every port of a host is a separate origin. A WebSocket must have an `Origin`, which browsers always send.
    CORS headers are removed from all responses, so that no page of another origin can read them.
    """

    def __init__(
        self, app: Application, allowed_hosts: Collection[str] = (), allowed_hosts_file: Path | None = None
    ) -> None:
        """Take host names that are allowed beside those of loopback, and a file with more, which need not exist."""
        self._app = app
        self._hosts = LOOPBACK_HOSTS | {host.lower() for host in allowed_hosts}
        self._file = allowed_hosts_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reason = self._refusal(scope)
        if reason is None:
            await self._app(scope, receive, _without_cors(send))
        else:
            await refuse(scope, send, reason)

    def _refusal(self, scope: Scope) -> str | None:
        hosts = [value.lower() for value in header_values(scope, b"host")]
        parts = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if parts is None or not self._is_own(parts["name"]):
            return "The Host header must contain one name of this server. Use 127.0.0.1 or localhost."
        origins = list(header_values(scope, b"origin"))
        if scope["type"] == "websocket" and not origins:
            return "A WebSocket request must have an Origin header."
        if any(origin.lower() not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins):
            return "Pages of other origins may not use this server."
        if not OWN_SITE.issuperset(header_values(scope, b"sec-fetch-site")):
            return "Pages of other sites may not use this server. Type its address to open it."
        if scope.get("method") == "OPTIONS" and any(header_values(scope, b"access-control-request-method")):
            return "This server does not allow requests from other origins."
        return None

    def _is_own(self, name: str) -> bool:
        return name in self._hosts or (self._file is not None and name in _words(self._file))


def header_values(scope: Scope, name: bytes) -> Iterator[str]:
    """Yield the values of a header, one for each line with its name."""
    return (value.decode("latin-1").strip() for key, value in scope["headers"] if key.lower() == name)


async def refuse(scope: Scope, send: Send, reason: str) -> None:
    """Send 403 with a problem document (RFC 9457), or close a WebSocket before it is accepted."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": reason}
    body = json.dumps(problem).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _without_cors(send: Send) -> Send:
    async def filtered(message: MutableMapping[str, Any]) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            headers = [h for h in message.get("headers", ()) if not h[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return filtered


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").lower().split()
    except FileNotFoundError:
        return []
