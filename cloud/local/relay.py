"""Lets Docker's containers reach what listens on this machine's loopback, for as long as they need it."""

import json
import socket
import socketserver
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from threading import Thread
from urllib.parse import urlsplit

DOCKER_HOST = "host.docker.internal"
"""What containers call this machine where Docker runs in a virtual machine."""
CHUNK_BYTES = 65536
DOCKER_SECONDS = 60.0
ADD_HOST = f"{DOCKER_HOST}:host-gateway"
"""For sam's or Docker's `--add-host`: on Linux, nothing else gives containers that name."""


def docker_gateway() -> str | None:
    """Return the address that this machine has in Docker's default network, or None if Docker does not say.

    Until its first restart a newly installed engine names the network's subnet and no gateway (moby #26799). Then the
    gateway is the subnet's first address, which is what Docker assigns by default.
    """
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]
    try:
        printed = subprocess.run(
            command, capture_output=True, text=True, timeout=DOCKER_SECONDS, check=False, encoding="utf-8"
        ).stdout
        for network in json.loads(printed):
            if network.get("Gateway"):
                return str(network["Gateway"])
            return str(next(ip_network(network["Subnet"]).hosts()))
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


@contextmanager
def relayed(url: str, gateway: str | None) -> Iterator[str]:
    """Yield where containers find what answers at a loopback address, its path kept.

    Where the gateway is an address of this machine (Linux), connections to a free port of it are passed on. Elsewhere
    Docker runs in a virtual machine and passes host.docker.internal on to this machine's loopback by itself; ADD_HOST
    makes that name known where it is not.
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    with ExitStack() as stack:
        host = f"{DOCKER_HOST}:{port}"
        if gateway:
            with suppress(OSError):
                relay = stack.enter_context(_Relay((gateway, 0), (parts.hostname or "", port)))
                stack.callback(relay.shutdown)
                Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
                host = f"{gateway}:{relay.server_address[1]}"
        yield parts._replace(netloc=host).geturl()


class _Relay(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # A connection that is kept alive must not keep the program alive.
    block_on_close = False

    def __init__(self, listen: tuple[str, int], target: tuple[str, int]) -> None:
        self.target = target
        super().__init__(listen, _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: _Relay
    request: socket.socket

    def handle(self) -> None:
        try:
            with socket.create_connection(self.server.target, timeout=5) as target:
                target.settimeout(None)
                back = Thread(target=_pass_on, args=(target, self.request), daemon=True)
                back.start()
                _pass_on(self.request, target)
                back.join()
        except OSError:
            # Closing the connection is all there is to say: the container sees what it would see without a relay.
            return


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
