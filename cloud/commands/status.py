"""`menagerie status`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from cloud.commands.up import StateDir
from cloud.state import DEFAULT_STATE_DIR, StackAddresses, StateDirectory
from menagerie.errors import NotFound

if TYPE_CHECKING:
    import httpx2

# A function that has to start first may take as long as API Gateway waits, which is 29 s; then it says why.
TIMEOUT_SECONDS = 35.0
CONNECT_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the application and what came of asking it."""

    name: str
    url: str | None
    """None where it was left out."""
    trouble: str | None = None
    model: str | None = None
    """The current model, as the API gives it."""


def status(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Show what runs, where it answers, and which model is current; exit status 1 unless all of it answers."""
    import httpx2

    state = StateDirectory.existing(state_dir)
    if state is None or state.running_pid() is None:
        raise NotFound(f"nothing is up with {state_dir}; start it with `menagerie up`")
    timeout = httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
    # All addresses are on loopback, where no proxy leads.
    with httpx2.Client(timeout=timeout, trust_env=False) as client:
        parts = ask(state.addresses(), client)
    show(parts, Console())
    raise typer.Exit(1 if any(part.trouble for part in parts) else 0)


def ask(addresses: StackAddresses, client: "httpx2.Client") -> list[Part]:
    """Ask every part at once whether it answers, and the API which model is current."""
    checks = {
        "emulated cloud": (addresses.endpoint_url, "/_ministack/health"),
        "API": (addresses.api_url, "/health"),
        "data service": (addresses.data_service_url, "/api/v1/animals/schema"),
        "dashboard": (addresses.dashboard_url, "/_stcore/health"),
    }
    with ThreadPoolExecutor(len(checks)) as threads:
        return list(threads.map(lambda name: _ask(name, *checks[name], client), checks))


def _ask(name: str, url: str | None, path: str, client: "httpx2.Client") -> Part:
    import httpx2

    if url is None:
        return Part(name, None)
    try:
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
