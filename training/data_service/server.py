"""Runs the data service under uvicorn on a socket that is known to be free."""

import socket
from contextlib import suppress

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


def serve(listener: socket.socket) -> None:
    """Serve the data service on a bound socket until SIGINT or SIGTERM."""
    import uvicorn

    from training.data_service.app import create_app

    config = uvicorn.Config(create_app(), log_level="warning", access_log=False)
    # uvicorn shuts down in order and then raises the signal once more; Ctrl-C is how one ends this, and no accident.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
