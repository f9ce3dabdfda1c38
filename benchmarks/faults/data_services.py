"""Call data services that break their contract: errors in bounded time, without their texts in messages."""

import gzip
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from benchmarks.faults.outcome import Outcome
from menagerie.errors import InvalidInput, Unavailable
from menagerie.job import DataServiceSource
from training.data_source import fetch

SECRET = "a-password-of-somebody"
ROWS = 3
ROW = {"walks_on_n_legs": 4, "height": 0.5, "weight": 25.0, "has_wings": False, "has_tail": True}
# A training job may take fifteen minutes. A faulty service may take at most a quarter of them.
LONGEST_SECONDS = 200.0
SECONDS_BETWEEN_DROPS = 0.5

Chunks = Iterator[bytes]


def _answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "content-type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _rows(*rows: object) -> bytes:
    return _answer("200 OK", json.dumps(rows).encode())


def _with_secret(status: str, *headers: str) -> bytes:
    return _answer(status, json.dumps({"detail": SECRET}).encode(), *headers)


def _drip(first: bytes, drop: bytes) -> Chunks:
    yield first
    while True:
        time.sleep(SECONDS_BETWEEN_DROPS)
        yield drop


HEADERS_OF_CHUNKS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
SERVICES: dict[str, Callable[[], Chunks]] = {
    **{
        f"status {status}": lambda status=status: iter([_with_secret(status)])  # type: ignore[misc]
        for status in (
            "204 No Content", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found",
            "410 Gone", "418 Teapot", "429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable",
        )
    },
    "redirect to another host": lambda: iter([_with_secret("302 Found", "location: http://169.254.169.254/latest/")]),
    "redirect to a file": lambda: iter([_with_secret("307 Temporary Redirect", "location: file:///etc/passwd")]),
    "redirect to itself": lambda: iter([_with_secret("308 Permanent Redirect", "location: /")]),
    "not HTTP": lambda: iter([SECRET.encode() + b"\r\n\r\n"]),
    "connection closed": lambda: iter([]),
    "body cut short": lambda: iter([_rows(ROW, ROW, ROW)[:-20]]),
    "body is HTML": lambda: iter([_answer("200 OK", f"<html>{SECRET}</html>".encode())]),
    "body is empty": lambda: iter([_answer("200 OK", b"")]),
    "body is not UTF-8": lambda: iter([_answer("200 OK", b'["\xff\xfe"]')]),
    "broken gzip": lambda: iter([_answer("200 OK", b"\x1f\x8b broken", "content-encoding: gzip")]),
    "gzip bomb": lambda: iter([_answer("200 OK", gzip.compress(b" " * 2**30, 9), "content-encoding: gzip")]),
    "deeply nested JSON": lambda: iter([_answer("200 OK", b"[" * 200_000)]),
    "a number of many digits": lambda: iter([_answer("200 OK", b"[" + b"9" * 100_000 + b"]")]),
    "NaN and Infinity": lambda: iter([_rows({**ROW, "height": float("nan")}, {**ROW, "weight": float("inf")}, ROW)]),
    "an object": lambda: iter([_answer("200 OK", json.dumps({"rows": SECRET}).encode())]),
    "a list of texts": lambda: iter([_rows(SECRET, SECRET, SECRET)]),
    "too few rows": lambda: iter([_rows(ROW)]),
    "too many rows": lambda: iter([_rows(*[ROW] * 10)]),
    "wrong types": lambda: iter([_rows(*[{**ROW, "height": SECRET}] * ROWS)]),
    "negative sizes": lambda: iter([_rows(*[{**ROW, "height": -1}] * ROWS)]),
    "missing fields": lambda: iter([_rows(*[{"height": 1}] * ROWS)]),
    "headers without end": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"x: y\r\n" * 1000)),
    "headers byte by byte": lambda: _drip(b"HTTP/1.1 200 OK\r\nx: ", b"y"),
    "body without end": lambda: itertools.chain([HEADERS_OF_CHUNKS], itertools.repeat(CHUNK)),
    "body byte by byte": lambda: _drip(HEADERS_OF_CHUNKS, b"1\r\n \r\n"),
}  # fmt: skip


async def _at_once(_: float) -> None:
    """Replace the pause before a retry."""


def call_faulty_services() -> Outcome:
    """Fetch rows from each service; each must result in the expected error in bounded time."""
    outcome = Outcome("hostile data service")
    for name, chunks in SERVICES.items():
        outcome.injected += 1
        began = time.monotonic()
        try:
            with _serving(chunks) as url:
                fetch(url, DataServiceSource(number_of_datapoints=ROWS), sleep=_at_once)
        except (InvalidInput, Unavailable) as error:
            said = str(error)
            if SECRET in said or "\n" in said or len(said) > 500:
                outcome.wrong += 1
                outcome.note(f"{name}: {said}")
        except Exception as error:  # noqa: BLE001  # any other exception is a finding
            outcome.unexplained += 1
            outcome.note(f"{name}: {type(error).__name__}: {error}")
        else:
            outcome.wrong += 1
            outcome.note(f"{name}: was taken for a data service")
        seconds = time.monotonic() - began
        if seconds > LONGEST_SECONDS:
            outcome.wrong += 1
            outcome.note(f"{name}: took {seconds:.0f} s")
    return outcome


@contextmanager
def _serving(chunks: Callable[[], Chunks]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, chunks), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _serve(server: socket.socket, chunks: Callable[[], Chunks]) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_send, args=(connection, chunks()), daemon=True).start()


def _send(connection: socket.socket, chunks: Chunks) -> None:
    with suppress(OSError), connection:
        connection.recv(65536)
        for chunk in chunks:
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
