"""`menagerie status`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from cloud.commands.options import DEFAULT_STACK, Stack, StateDir, addresses_for
from cloud.console import OutputConsole
from cloud.state.directory import DEFAULT_STATE_DIR, StackAddresses

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

# A cold start may take up to API Gateway's timeout of 29 s, whose response then names the reason.
TIMEOUT_SECONDS = 35.0
CONNECT_TIMEOUT_SECONDS = 5.0
# A route of both MiniStack and LocalStack.
EMULATORS_HEALTH = "/_localstack/health"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the application and the result of its health check."""

    name: str
    url: str | None
    """None for a part that was not started."""
    failure: str | None = None
    model: str | None = None
    """The current model's version, for the API only."""


def status(stack: Stack = DEFAULT_STACK, state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Print the state and address of each part and the current model. Exit status 1 unless every part responds."""
    parts = check(addresses_for(state_dir, stack), _client)
    show(parts, OutputConsole())
    raise typer.Exit(1 if any(part.failure for part in parts) else 0)


def _client(url: str) -> "httpx2.Client":
    import httpx2

    from menagerie.http_client import http_client

    return http_client(url, timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS))


def check(addresses: StackAddresses, client_for: "Callable[[str], httpx2.Client]") -> list[Part]:
    """Check every part whose address is not empty, all at the same time."""
    checks = {
        "emulated cloud": (addresses.endpoint_url, EMULATORS_HEALTH),
        "API": (addresses.api_url, "/health"),
        "data service": (addresses.data_service_url, "/api/v1/animals/schema"),
        "dashboard": (addresses.dashboard_url, "/_stcore/health"),
    }
    known = [name for name, (url, _) in checks.items() if url != ""]
    with ThreadPoolExecutor(len(known)) as threads:
        return list(threads.map(lambda name: _check(name, *checks[name], client_for), known))


def _check(name: str, url: str | None, path: str, client_for: "Callable[[str], httpx2.Client]") -> Part:
    import httpx2

    if url is None:
        return Part(name, None)
    try:
        with client_for(url) as client:
            response = client.get(url + path)
    except httpx2.HTTPError as error:
        return Part(name, url, type(error).__name__)
    if not response.is_success:
        return Part(name, url, f"status {response.status_code}")
    if name != "API":
        return Part(name, url)
    try:
        return Part(name, url, model=str(response.json()["model_version"]))
    except (KeyError, TypeError, ValueError):
        return Part(name, url, "its response contains no model version")


def show(parts: list[Part], console: Console) -> None:
    """Print a table of the parts and a line with the current model."""
    # Users copy addresses from the output: on a terminal a long one is folded, elsewhere it is printed whole.
    table = Table("part", "responds")
    table.add_column("address", overflow="fold")
    for part in parts:
        responds = "not started" if part.url is None else f"no: {part.failure}" if part.failure else "yes"
        table.add_row(part.name, responds, part.url or "")
    if not console.is_terminal:
        console.width = max(console.width, 200)
    console.print(table)
    model = next((part.model for part in parts if part.model), None)
    console.print(f"current model: {model or 'unknown, because the API does not respond with it'}", soft_wrap=True)
