"""`menagerie sam`."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.commands.options import StateDir
from cloud.state.directory import DEFAULT_STATE_DIR, StateDirectory
from menagerie.errors import NotFound

if TYPE_CHECKING:
    from cloud.clients import Clients

# Subcommands that run functions and take --env-vars.
RUNNERS = ("invoke", "start-api", "start-lambda")
BUILT = Path(".aws-sam", "build", "template.yaml")


def sam(
    arguments: Annotated[list[str], typer.Argument(help="Arguments of sam: local start-api, deploy, …")],
    stack: Annotated[str, typer.Option(help="Stack whose bucket and tables the functions use.")] = "menagerie",
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Run the SAM command line against the cloud that is up. `local` runs functions in Lambda's image with its data.

    The options of this command come first, the arguments of sam follow.
    """
    from cloud.commands.options import clients_for
    from cloud.local.sam_local import ADD_HOST

    program = shutil.which("sam")
    if program is None:
        raise NotFound("there is no program called sam in PATH; install the AWS SAM command line")
    clients = clients_for(state_dir)
    with ExitStack() as cleanup:
        if arguments[0] == "local" and len(arguments) > 1 and arguments[1] in RUNNERS:
            file = _env_vars(clients, stack, state_dir, cleanup)
            arguments = [*arguments[:2], "--env-vars", str(file), "--add-host", ADD_HOST, *arguments[2:]]
        status = _run([program, *arguments], _environment(clients))
    raise typer.Exit(status)


def _env_vars(clients: "Clients", stack: str, state_dir: Path, cleanup: ExitStack) -> Path:
    from cloud.deployment import outputs
    from cloud.local.sam_local import (
        DOCKER_HOST,
        deployed_variables,
        docker_gateway,
        env_vars_file,
        seen_by_containers,
    )

    if not BUILT.exists():
        raise NotFound(f"there is no {BUILT}: run `sam build` first, in a checkout of the project")
    functions = deployed_variables(clients.functions, outputs(clients, stack))
    endpoint = clients.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    gateway = docker_gateway()
    if state := StateDirectory.existing(state_dir):
        state.allowed_hosts.write_text("\n".join(filter(None, (gateway, DOCKER_HOST))), encoding="utf-8")
    seen = cleanup.enter_context(seen_by_containers(functions, endpoint, gateway))
    return cleanup.enter_context(env_vars_file(seen))


def _environment(clients: "Clients") -> dict[str, str]:
    """Return this process's environment, with address and credentials of the embedded cloud if that is selected."""
    credentials = clients.session.get_credentials()
    if clients.endpoint_url is None or credentials is None:
        return dict(os.environ)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": clients.endpoint_url,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_DEFAULT_REGION": clients.session.region_name or "",
    }


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program until it ends or this process gets a signal; return its exit status."""
    with subprocess.Popen(command, env=environment) as process:
        # A terminal sends Ctrl-C to both processes. This one waits while sam removes its containers.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()
