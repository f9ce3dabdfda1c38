"""Send requests that HTTP clients cannot send, and read the responses."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RawAnswer:
    """A response: the status, the headers with names in lower case, and the received part of the body."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(url: str, *lines: str, body: bytes = b"") -> RawAnswer:
    """Send the lines of a request to the host and port of a URL, and return the response."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30.0) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        received = b""
        while b"\r\n\r\n" not in received and (piece := connection.recv(65536)):
            received += piece
    head, _, rest = received.partition(b"\r\n\r\n")
    status, *headers = head.decode("latin-1").split("\r\n")
    return RawAnswer(
        int(status.split()[1]),
        {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)},
        rest,
    )


def handshake(url: str, path: str, *headers: str) -> int:
    """Return the status of the response to a WebSocket handshake, 101 if it succeeds."""
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    return exchange(url, f"GET {path} HTTP/1.1", *upgrade, key, *headers).status
