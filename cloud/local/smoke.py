"""The first request through the gateway: proof that everything behind it works."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import httpx2

from cloud.environment import proxies_around_loopback
from cloud.local.processes import LIMIT_SECONDS, ChildProcess
from cloud.state.directory import StackAddresses
from menagerie.errors import Unavailable
from menagerie.http_client import http_client

ELEPHANT = {"walks_on_n_legs": 4, "height": 3.1, "weight": 4200.0, "has_wings": False, "has_tail": True}


def predict_an_elephant(addresses: StackAddresses, emulator: ChildProcess, tell: Callable[[str], None]) -> str:
    """Classify and store one animal over HTTP; return the species.

    Asks again after a server error, for as long as the emulator lives, and tells what it answered. Raises Unavailable
    if the emulator dies, if the request is refused, or with the last answer after ten minutes.
    """
    deadline = time.monotonic() + LIMIT_SECONDS
    told = "nothing"
    with _client(addresses) as client:
        while time.monotonic() < deadline:
            emulator.raise_if_dead()
            try:
                answer = client.post("/predict", json={"animals": [ELEPHANT]})
            except httpx2.TransportError as error:
                told = type(error).__name__
            else:
                if answer.status_code == httpx2.codes.OK:
                    return str(answer.json()["predictions"][0]["species"])
                told = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                    break
            tell(f"it answered {told}; asking again")
            time.sleep(0.2)
    raise Unavailable(f"{addresses.api_url}/predict answered {told}")


def wake(addresses: StackAddresses, route: str) -> None:
    """Ask something of a function in the background, so that it has started before somebody waits for it.

    Nothing depends on the answer: a function that is slow to start is no reason not to go on.
    """

    def ask() -> None:
        with suppress(httpx2.TransportError), _client(addresses) as client:
            client.get(route)

    threading.Thread(target=ask, daemon=True).start()


def _client(addresses: StackAddresses) -> httpx2.Client:
    url = addresses.api_url
    return http_client(url, timeout=30.0, base_url=url, headers={"x-api-key": addresses.api_key})


def curl_line(addresses: StackAddresses) -> str:
    """Return a command to paste into a shell that classifies an elephant."""
    animal = (
        '{"animals": [{"walks_on_n_legs": 4, "height": 3.1, "weight": 4200, "has_wings": false, "has_tail": true}]}'
    )
    # curl would ask loopback through a proxy, too.
    directly = "--noproxy '*' " if proxies_around_loopback() else ""
    return (
        f"curl -s {directly}-X POST '{addresses.api_url}/predict' -H 'x-api-key: {addresses.client_api_key}' "
        f"-H 'content-type: application/json' -d '{animal}'"
    )
