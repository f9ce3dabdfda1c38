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
    data_service_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the data service.")] = 8777,
    dashboard_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")] = 8501,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Do not start the dashboard.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete models, predictions and keys first.")] = False,
    recover: Annotated[
        bool,
        typer.Option("--recover", help="Move a damaged saved state aside and continue with the previous one."),
    ] = False,
    data_service_url: Annotated[
        str | None,
        typer.Option(help="Use a running data service, such as the official one, and start none."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first model's training rows.")] = 42,
    number_of_datapoints: Annotated[int, typer.Option(min=1, max=MAX_DATAPOINTS, help="Number of these rows.")] = 1000,
    enforce_iam: Annotated[bool, typer.Option(help="Let the emulator enforce IAM policies.")] = False,
) -> None:
    """Start the emulated cloud, deploy the application, train a first model, start the dashboard.

    Runs in the foreground until Ctrl-C or `menagerie down`, then ends every process that it has started.
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

  dashboard      {addresses.dashboard_url or "not started"}
  API            {addresses.api_url}
  documentation  {addresses.api_url}/docs
  data service   {addresses.data_service_url}
  addresses and keys for programs: {state_dir / "stack.json"}

Try it with the clients' key. The operator's key, which the dashboard uses, also retrains and promotes:

  {curl_line(addresses)}

Ctrl-C stops it. Stored data is kept.
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
