"""`menagerie up`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cloud.commands.options import StateDir
from cloud.environment import proxies_around_loopback
from cloud.state.directory import DEFAULT_STATE_DIR, StackAddresses
from menagerie.animal import EXAMPLES, KNOWN_SPECIES
from menagerie.job import MAX_DATAPOINTS, DataServiceSource


def up(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the emulated cloud.")] = 4566,
    data_service_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of our own data service.")] = 8777,
    dashboard_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")] = 8501,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Leave the dashboard out.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget models, predictions and keys first.")] = False,
    recover: Annotated[
        bool,
        typer.Option("--recover", help="If the saved state is damaged, keep it aside and go on with what is whole."),
    ] = False,
    data_service_url: Annotated[
        str | None, typer.Option(help="Use a running data service, such as the official one, instead of ours.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the rows that the first model is trained on.")] = 42,
    number_of_datapoints: Annotated[int, typer.Option(min=1, max=MAX_DATAPOINTS, help="How many rows that is.")] = 1000,
    enforce_iam: Annotated[bool, typer.Option(help="Let the emulator enforce the policies.")] = False,
) -> None:
    """Bring up the emulated cloud, deploy the application, train a first model, start the dashboard.

    Runs in the foreground until Ctrl-C (or `menagerie down`), then leaves no process behind.
    """
    from cloud.console import Steps
    from cloud.local.up import Options, run

    options = Options(
        state_dir=state_dir,
        port=port,
        data_service_port=data_service_port,
        dashboard_port=None if no_dashboard else dashboard_port,
        data_service_url=data_service_url.rstrip("/") if data_service_url else None,
        source=DataServiceSource(seed=seed, number_of_datapoints=number_of_datapoints),
        enforce_iam=enforce_iam,
        fresh=fresh,
        recover=recover,
    )
    run(options, lambda addresses: _announce(addresses, state_dir), Steps())


def _announce(addresses: StackAddresses, state_dir: Path) -> None:
    typer.echo(
        f"""
Menagerie is up.

  dashboard      {addresses.dashboard_url or "left out"}
  API            {addresses.api_url}
  documentation  {addresses.api_url}/docs
  data service   {addresses.data_service_url}
  addresses and keys for programs: {state_dir / "stack.json"}

Try it, with the clients' key; the operator's, with which the dashboard runs, also retrains and promotes:

  {curl_line(addresses)}

Ctrl-C ends it; what was stored stays.
"""
    )


def curl_line(addresses: StackAddresses) -> str:
    """Return a shell command that classifies an example animal."""
    body = json.dumps({"animals": [EXAMPLES[KNOWN_SPECIES[0]].model_dump()]})
    # curl uses a proxy for loopback too.
    directly = "--noproxy '*' " if proxies_around_loopback() else ""
    return (
        f"curl -s {directly}-X POST '{addresses.api_url}/predict' -H 'x-api-key: {addresses.client_api_key}' "
        f"-H 'content-type: application/json' -d '{body}'"
    )
