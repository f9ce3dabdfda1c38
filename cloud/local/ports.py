"""Whether a port of this machine can be listened on, asked before anything is started."""

import socket
from collections.abc import Mapping
from itertools import combinations

from menagerie.errors import Conflict, InvalidInput

LOOPBACK = "127.0.0.1"


def require_free(port: int, option: str) -> None:
    """Raise Conflict that names the port and the option that chooses another one."""
    if port and not is_free(port):
        raise Conflict(f"port {port} is taken by another program; end it or choose another port with {option}")


def require_distinct(ports: Mapping[str, int]) -> None:
    """Raise InvalidInput that names the options if two of them, by option, are the same port."""
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port == same:
            raise InvalidInput(f"port {port} cannot be both {one} and {other}; choose another one for either")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set this too, so that a port whose last connections linger in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_free() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
