"""Runs the data service with uvicorn on a socket that was bound beforehand."""

import argparse
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8777


def bind(host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> socket.socket:
    """Return a socket bound to the address; port 0 selects any free port.

    Raises OSError with one line of text if the port is in use or the address does not exist on this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OSError(f"{host!r} is no address of this machine: {error.strerror}") from error
    try:
        # Otherwise a restart fails while connections of the previous process are in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise OSError(
            f"cannot listen on {host}:{port} ({error.strerror}): stop the program that uses it, "
            "or choose another --port"
        ) from error
    return listener


def serve(listener: socket.socket, allowed_hosts: Collection[str] = (), allowed_hosts_file: Path | None = None) -> None:
    """Serve the data service on a bound socket until SIGINT or SIGTERM; see `create_app` for the allowed hosts."""
    # Imported late: the command line imports this module for its defaults, and FastAPI takes 0.4 s.
    import uvicorn

    from data_service.app import create_app

    host = listener.getsockname()[0]
    # The bound address is a valid Host header, unless it is the wildcard address.
    own = [] if host in ("0.0.0.0", "::") else [f"[{host}]" if ":" in host else host]  # noqa: S104
    config = uvicorn.Config(
        create_app([*allowed_hosts, *own], allowed_hosts_file), log_level="warning", access_log=False
    )
    # uvicorn shuts down cleanly and then raises the signal again; Ctrl-C is the normal way to stop the server.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    """Serve without the `menagerie` command line, as the container does."""
    parser = argparse.ArgumentParser(prog="python -m data_service.server")
    parser.add_argument("--host", default=DEFAULT_HOST)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--allowed-host", action="append", default=[], help="Another host name to accept.")
    arguments = parser.parse_args()
    try:
        listener = bind(arguments.host, arguments.port)
    except OSError as error:
        parser.exit(1, f"{error}\n")
    serve(listener, arguments.allowed_host)


if __name__ == "__main__":
    main()
