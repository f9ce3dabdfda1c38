"""A fake of Lambda's API for asynchronous invocations."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from cloud.local.ports import LOOPBACK


class Invocations:
    """A context manager that accepts asynchronous invocations of any function and records them."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, Any]] = []
        queue = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_event = self.headers["X-Amz-Invocation-Type"] == "Event"
                if is_event:
                    queue.accepted.append((self.path.split("/")[3], json.loads(body)))
                self.send_response(202 if is_event else 501)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
