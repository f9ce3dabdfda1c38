"""`menagerie models`: list models, promote a version, roll back to the previous one."""

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
    """List all models, newest first, with training data, accuracy, and the reason of their promotion or rejection."""
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
    # Users copy versions from the output, so without a terminal no line is truncated.
    OutputConsole(width=None if console.is_terminal else 200).print(table)


@models.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help="Version, as listed by `menagerie models list`.")],
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Make a version the current model. It is verified first."""
    _promote(Api.of(state_dir, stack, api_url, api_key), version)


@models.command("rollback")
def rollback(
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Make the parent of the current model current again."""
    api = Api.of(state_dir, stack, api_url, api_key)
    current = api.call("GET", "/models/current")
    if current["parent"] is None:
        raise Conflict(f"model {current['version']} has no parent; see `menagerie models list`")
    _promote(api, current["parent"])


def _promote(api: Api, version: str) -> None:
    promoted = api.call("PUT", "/models/current", {"version": version})
    typer.echo(f"{promoted['version']} is current; predictions use it within seconds")
