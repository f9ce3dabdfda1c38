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

# A function that has to start first may take as long as API Gateway waits, which is 29 s; then it says why.
TIMEOUT_SECONDS = 35.0
CONNECT_TIMEOUT_SECONDS = 5.0
# What MiniStack and LocalStack both answer.
EMULATORS_HEALTH = "/_localstack/health"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the application and what came of asking it."""

    name: str
    url: str | None
    """None where it was left out."""
    trouble: str | None = None
    model: str | None = None
    """The current model, as the API gives it."""


def status(stack: Stack = DEFAULT_STACK, state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Show what runs, where it answers, and which model is current; exit status 1 unless all of it answers."""
    parts = ask(addresses_for(state_dir, stack), _client)
    show(parts, OutputConsole())
    raise typer.Exit(1 if any(part.trouble for part in parts) else 0)


def _client(url: str) -> "httpx2.Client":
    import httpx2

    from menagerie.http_client import http_client

    return http_client(url, timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS))


def ask(addresses: StackAddresses, client_for: "Callable[[str], httpx2.Client]") -> list[Part]:
    """Ask every part whose address is not empty whether it answers, all at once, and the API which model is current."""
    checks = {
        "emulated cloud": (addresses.endpoint_url, EMULATORS_HEALTH),
        "API": (addresses.api_url, "/health"),
        "data service": (addresses.data_service_url, "/api/v1/animals/schema"),
        "dashboard": (addresses.dashboard_url, "/_stcore/health"),
    }
    known = [name for name, (url, _) in checks.items() if url != ""]
    with ThreadPoolExecutor(len(known)) as threads:
        return list(threads.map(lambda name: _ask(name, *checks[name], client_for), known))


def _ask(name: str, url: str | None, path: str, client_for: "Callable[[str], httpx2.Client]") -> Part:
    import httpx2

    if url is None:
        return Part(name, None)
    try:
        with client_for(url) as client:
            answer = client.get(url + path)
    except httpx2.HTTPError as error:
        return Part(name, url, type(error).__name__)
    if not answer.is_success:
        return Part(name, url, f"status {answer.status_code}")
    if name != "API":
        return Part(name, url)
    try:
        return Part(name, url, model=str(answer.json()["model_version"]))
    except (KeyError, TypeError, ValueError):
        return Part(name, url, "its answer does not name a model")


def show(parts: list[Part], console: Console) -> None:
    """Print a row for each part, and the current model on a line of its own."""
    # Addresses are to be copied: a long one is folded on a terminal, and whole where there is none.
    table = Table("part", "answers")
    table.add_column("address", overflow="fold")
    for part in parts:
        answers = "left out" if part.url is None else f"no: {part.trouble}" if part.trouble else "yes"
        table.add_row(part.name, answers, part.url or "")
    if not console.is_terminal:
        console.width = max(console.width, 200)
    console.print(table)
    model = next((part.model for part in parts if part.model), None)
    console.print(f"current model: {model or 'not known, because the API did not give it'}", soft_wrap=True)
