"""An HTTP server on loopback for an ASGI application, with a log of requests and injected faults."""

import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@dataclass(frozen=True)
class Fault:
    """A response in place of the application's own."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""
    """The fault is for requests to this path below `prefix` and to those below it, but never for `/health`."""


class FaultyServer:
    """`with FaultyServer(app) as server:` serves at `server.address` until the block ends or `stop()`."""

    def __init__(self, app: "ASGIApp", *, prefix: str, port: int = 0) -> None:
        """Serve an application; responses of `fail` replace those of paths below `prefix`, such as /v1."""
        self.fault: Fault | None = None
        self.requests: list[str] = []
        """Method and path of each request, without the prefix."""
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        """The Idempotency-Key of each request with a body."""
        self._prefix = prefix
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._connections: list[socket.socket] = []
        self._app = TestClient(app, "http://127.0.0.1", raise_server_exceptions=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self, self._connections))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.port: int = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._app.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._app.__exit__(kind, error, trace)

    def stop(self) -> None:
        """Close the port and every connection; a second call has no effect."""
        self._may_answer.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """Accept requests and answer none until `stop()`."""
        self._may_answer.clear()

    def fail(self, status: int, document: BaseModel | dict[str, Any], *, path: str = "", **headers: str) -> None:
        """Answer requests to a path below the prefix and to those below it with a document, but never `/health`."""
        body = document.model_dump(exclude_none=True) if isinstance(document, BaseModel) else document
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.fault = Fault(status, json.dumps(body).encode(), names, path)

    def respond(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Return the response to a request: status, headers, body."""
        path = target.partition("?")[0].removeprefix(self._prefix)
        self.requests.append(f"{method} {path}")
        if body:
            self.bodies.append(json.loads(body))
            self.keys.append(headers.get("Idempotency-Key"))
        self._may_answer.wait()
        fault = self.fault
        if fault and path != "/health" and target.startswith(self._prefix + fault.path):
            return fault.status, fault.headers, fault.body
        answer = self._app.request(method, target, headers=headers, content=body)
        return answer.status_code, {"content-type": answer.headers["content-type"]}, answer.content


def _handler_for(server: FaultyServer, connections: list[socket.socket]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            connections.append(self.connection)

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            status, headers, answer = server.respond(self.command, self.path, dict(self.headers), body)
            with suppress(OSError):
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

        do_GET = do_POST = do_PUT = serve  # noqa: N815  # names that http.server calls

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler
