"""`menagerie models`: list what the registry has, promote a version, or go back to the one before."""

from typing import Annotated

import typer

from cloud.api import Api, ApiKey, ApiUrl
from cloud.commands.options import DEFAULT_STACK, Stack, StateDir
from cloud.state.directory import DEFAULT_STATE_DIR
from menagerie.errors import Conflict

models = typer.Typer(help="List, promote and roll back models of the running application.", no_args_is_help=True)


@models.command("list")
def list_models(
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Show all models, newest first: what they were made from, how good they are, and why they were promoted or not."""
    from rich.table import Table

    from cloud.console import OutputConsole

    found = Api.of(state_dir, stack, api_url, api_key).call("GET", "/models")
    table = Table("version", "", "parent", "source", "rows", "accuracy", "why", show_lines=True)
    for item in found["items"]:
        training = item["training"]
        table.add_row(
            item["version"],
            "current" if item["version"] == found["current"] else "",
            item["parent"] or "-",
            training.get("key") or training["kind"],
            f"{training['rows']:,}",
            f"{item['metrics']['accuracy']:.5f}",
            item["reason"] or "-",
        )
    console = OutputConsole()
    # Versions are to be copied: where there is no terminal, nothing may be cut to its width.
    OutputConsole(width=None if console.is_terminal else 200).print(table)


@models.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help="As `menagerie models list` shows it.")],
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Make a version the one that answers; raises NotFound, and Conflict if it does not verify."""
    _promote(Api.of(state_dir, stack, api_url, api_key), version)


@models.command("rollback")
def rollback(
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Make the parent of the current model current again; raises Conflict if it has none."""
    api = Api.of(state_dir, stack, api_url, api_key)
    current = api.call("GET", "/models/current")
    if current["parent"] is None:
        raise Conflict(f"model {current['version']} has no parent to go back to; see `menagerie models list`")
    _promote(api, current["parent"])


def _promote(api: Api, version: str) -> None:
    promoted = api.call("PUT", "/models/current", {"version": version})
    typer.echo(f"{promoted['version']} is current; it answers within seconds")
