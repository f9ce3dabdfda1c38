"""Sends bytes that no HTTP client would send, and reads what is answered."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RawAnswer:
    """The status line's number, the headers with names in small letters, and what was received of the body."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(url: str, *lines: str, body: bytes = b"") -> RawAnswer:
    """Send a request's lines to the host and port of an address, and return the answer up to the end of its headers."""
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
    """Return the status that a WebSocket handshake is answered with, 101 if it succeeds."""
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    return exchange(url, f"GET {path} HTTP/1.1", *upgrade, key, *headers).status
