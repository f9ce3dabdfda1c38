"""`menagerie status`."""

import typer
from rich.console import Console
from rich.table import Table

from cloud.commands.up import StateDir
from cloud.state import DEFAULT_STATE_DIR, StateDirectory
from menagerie.errors import NotFound


def status(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Show what runs, where it answers, and which model is current; exit status 1 unless all of it answers."""
    import httpx2

    state = StateDirectory.existing(state_dir)
    if state is None or state.running_pid() is None:
        raise NotFound(f"nothing is up with {state_dir}; start it with `menagerie up`")
    addresses = state.addresses()
    checks = {
        "emulated cloud": (addresses.endpoint_url, "/_ministack/health"),
        "API": (addresses.api_url, "/health"),
        "data service": (addresses.data_service_url, "/api/v1/animals/schema"),
        "dashboard": (addresses.dashboard_url, "/_stcore/health"),
    }
    table = Table("part", "address", "answers")
    healthy = True
    for part, (url, path) in checks.items():
        if url is None:
            table.add_row(part, "left out", "-")
            continue
        try:
            answer = httpx2.get(url + path, timeout=5.0)
            said = "yes" if answer.is_success else f"no: {answer.status_code}"
            if part == "API" and answer.is_success:
                said += f", model {answer.json().get('model_version')}"
        except httpx2.HTTPError as error:
            said = f"no: {type(error).__name__}"
        healthy = healthy and said.startswith("yes")
        table.add_row(part, url, said)
    Console().print(table)
    raise typer.Exit(0 if healthy else 1)
