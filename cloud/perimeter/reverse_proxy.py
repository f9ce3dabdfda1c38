"""A reverse proxy for an emulator in another container, with the same checks as the embedded emulator.

`python -m cloud.perimeter.reverse_proxy` forwards port 4566 to `UPSTREAM_URL`. Requests to AWS's own interfaces must
be signed with the credentials in its environment.
"""

import os
from collections.abc import AsyncIterator, Mapping

import httpx2

from cloud.perimeter.gateway_errors import GatewayErrorsMiddleware
from cloud.perimeter.signed_requests import SignedRequestsMiddleware
from menagerie.same_origin import Application, Receive, SameOriginMiddleware, Scope, Send

PORT = 4566
UPSTREAM_VARIABLE = "UPSTREAM_URL"
HOSTS_VARIABLE = "MENAGERIE_ALLOWED_HOSTS"
# Headers of one connection (RFC 9110, section 7.6.1), and `Expect`, which the server has handled.
HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"expect", b"trailer", b"transfer-encoding", b"upgrade")
)
_TIMEOUT = httpx2.Timeout(910.0, connect=5.0)


class ReverseProxy:
    """An ASGI application that forwards requests to another server, with `Host` and the body unchanged."""

    def __init__(self, client: httpx2.AsyncClient, upstream: str) -> None:
        """Take the address of the other server without a path."""
        self._client = client
        self._upstream = upstream.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request, or respond with 502. The end of the lifespan closes the client."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        headers = _end_to_end(scope["headers"])
        has_body = any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        request = httpx2.Request(
            scope["method"],
            self._upstream,
            headers=headers,
            content=_pieces(receive) if has_body else None,
            extensions={"target": target, "timeout": _TIMEOUT.as_dict()},
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx2.TransportError:
            await send({"type": "http.response.start", "status": 502, "headers": []})
            await send({"type": "http.response.body", "body": b"The emulator does not respond.\n"})
            return
        try:
            headers = _end_to_end(response.headers.raw)
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    async def _live(self, receive: Receive, send: Send) -> None:
        for event in ("startup", "shutdown"):
            await receive()
            if event == "shutdown":
                await self._client.aclose()
            await send({"type": f"lifespan.{event}.complete"})


def guarded_proxy(client: httpx2.AsyncClient, environment: Mapping[str, str]) -> Application:
    """Return the proxy with both checks, and with problem documents for the gateway's 5xx, from the environment."""
    key, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]

    def secret_of(access_key: str, token: str) -> str | None:
        return secret if (access_key, token) == (key, "") else None

    proxy = ReverseProxy(client, environment[UPSTREAM_VARIABLE])
    hosts = environment.get(HOSTS_VARIABLE, "").replace(",", " ").split()
    return SameOriginMiddleware(SignedRequestsMiddleware(GatewayErrorsMiddleware(proxy), secret_of), hosts)


def _end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise httpx2.ReadError("the client has disconnected")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body", False):
            return


def main() -> None:
    """Serve on all interfaces of a container until SIGTERM."""
    import uvicorn

    client = httpx2.AsyncClient(trust_env=False)
    app = guarded_proxy(client, os.environ)
    # The container publishes this port on loopback only.
    uvicorn.run(app, host="0.0.0.0", port=PORT, lifespan="on", log_level="warning", access_log=False)  # noqa: S104


if __name__ == "__main__":
    main()
