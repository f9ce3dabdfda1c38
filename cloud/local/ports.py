"""Check and choose ports of this machine before anything starts."""

import socket
from collections.abc import Mapping
from itertools import combinations

from menagerie.errors import Conflict, InvalidInput

LOOPBACK = "127.0.0.1"


def require_free(port: int, option: str) -> None:
    """Raise Conflict with the option that selects another port unless the port is free."""
    if port and not is_free(port):
        raise Conflict(f"port {port} is in use by another program; stop it or choose another port with {option}")


def require_distinct(ports: Mapping[str, int]) -> None:
    """Raise InvalidInput with both options if two ports, given by option, are equal."""
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port == same:
            raise InvalidInput(f"port {port} cannot be both {one} and {other}; choose another port for one of them")


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set this too: a port with connections in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_free() -> int:
    """Return a loopback port that is free at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
