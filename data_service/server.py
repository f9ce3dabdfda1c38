"""Runs the data service under uvicorn on a socket that is known to be free."""

import argparse
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from menagerie.errors import Unavailable

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8777


def bind(host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> socket.socket:
    """Return a socket bound to the address, port 0 for any free one; raise Unavailable if it is taken or unknown."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Unavailable(f"{host!r} is no address of this machine: {error.strerror}") from error
    try:
        # Without it a restart would wait for the connections of the last run to be forgotten.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"cannot listen on {host}:{port} ({error.strerror}): end what uses it, or choose another --port"
        ) from error
    return listener


def serve(listener: socket.socket, allowed_hosts: Collection[str] = (), allowed_hosts_file: Path | None = None) -> None:
    """Serve the data service on a bound socket until SIGINT or SIGTERM, under the names that `create_app` takes."""
    import uvicorn

    from data_service.app import create_app

    host = listener.getsockname()[0]
    # An address that other machines reach is a name of the service; "all of them" is none.
    own = [] if host in ("0.0.0.0", "::") else [f"[{host}]" if ":" in host else host]  # noqa: S104
    names = [*allowed_hosts, *own]
    config = uvicorn.Config(create_app(names, allowed_hosts_file), log_level="warning", access_log=False)
    # uvicorn shuts down in order and then raises the signal once more; Ctrl-C is how one ends this, and no accident.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    """Serve where the command line has nothing but this package, as in its container."""
    parser = argparse.ArgumentParser(prog="python -m data_service.server")
    parser.add_argument("--host", default=DEFAULT_HOST)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--allowed-host", action="append", default=[], help="Another name that it is reached by.")
    given = parser.parse_args()
    serve(bind(given.host, given.port), given.allowed_host)


if __name__ == "__main__":
    main()
