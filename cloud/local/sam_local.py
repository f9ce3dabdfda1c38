"""Run functions under `sam local`: their deployed environment, and a relay from their containers to loopback.

The relay is for the embedded cloud, which listens on loopback only. Containers of SAM can join a network of Docker
(`--docker-network`), but not the host's.
"""

import json
import socket
import socketserver
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cloud.deployment import CODE
from menagerie.http_client import is_loopback

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

Variables = dict[str, str]
DOCKER_HOST = "host.docker.internal"
"""The name of this machine in containers, if Docker runs in a virtual machine."""
CHUNK_BYTES = 65536
DOCKER_SECONDS = 60.0
ADD_HOST = f"{DOCKER_HOST}:host-gateway"
"""Argument of `--add-host`, which makes this name known on Linux."""


def deployed_variables(client: "LambdaClient", outputs: Mapping[str, str]) -> dict[str, Variables]:
    """Return the environment variables of each deployed function by its logical name."""
    return {
        function: client.get_function_configuration(FunctionName=outputs[f"{function}Name"])["Environment"]["Variables"]
        for function in CODE
    }


@contextmanager
def seen_by_containers(
    functions: Mapping[str, Variables], endpoint_url: str | None, gateway: str | None
) -> Iterator[dict[str, Variables]]:
    """Yield the variables with AWS_ENDPOINT_URL, if given, and with loopback URLs relayed for containers."""
    with ExitStack() as stack:
        relays: dict[str, str] = {}

        def relay(value: str) -> str:
            if not (value.startswith(("http://", "https://")) and is_loopback(value)):
                return value
            if value not in relays:
                relays[value] = stack.enter_context(relayed(value, gateway))
            return relays[value]

        endpoint = {"AWS_ENDPOINT_URL": endpoint_url} if endpoint_url else {}
        yield {
            function: {name: relay(value) for name, value in {**variables, **endpoint}.items()}
            for function, variables in functions.items()
        }


@contextmanager
def env_vars_file(functions: Mapping[str, Variables]) -> Iterator[Path]:
    """Yield a file for `sam local --env-vars` that only the owner can read and that is deleted afterwards."""
    with tempfile.NamedTemporaryFile("w", prefix="menagerie-", suffix=".json", encoding="utf-8") as file:
        json.dump(functions, file, indent=2)
        file.flush()
        yield Path(file.name)


def docker_gateway() -> str | None:
    """Return this machine's address in Docker's default network, or None if it is unknown.

    Until its first restart, a newly installed engine reports the network's subnet without a gateway (moby #26799). The
    gateway is then the first address of the subnet, as Docker assigns it by default.
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
    """Yield a URL at which containers can connect to a loopback URL, with the same path.

    If the gateway is an address of this machine (Linux), a free port of it is forwarded while the context is active.
    Elsewhere Docker runs in a virtual machine and forwards host.docker.internal to this machine's loopback itself.
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
    # A persistent connection must not block the end of the program.
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
                back = Thread(target=_forward, args=(target, self.request), daemon=True)
                back.start()
                _forward(self.request, target)
                back.join()
        except OSError:
            # The connection is closed, as it would be without a relay.
            return


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
