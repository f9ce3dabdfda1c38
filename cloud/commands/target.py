"""Which cloud a command speaks to: the embedded one that is up, or what the environment says."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.state.directory import StackAddresses, StateDirectory
from menagerie.errors import NotFound

if TYPE_CHECKING:
    from cloud.clients import Clients

Stack = Annotated[str, typer.Option("--stack", help="Name of the stack.")]
DEFAULT_STACK = "menagerie"


def clients_for(state_dir: Path) -> "Clients":
    """Return clients for the cloud that is up with a state folder, else for AWS_ENDPOINT_URL or the AWS profile."""
    import boto3

    from cloud.clients import Clients
    from cloud.local.emulator import emulator_clients

    state = _running(state_dir)
    if state is not None:
        return emulator_clients(state.addresses().endpoint_url, state.secret("emulator-secret-key"))
    if not {"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"} & set(os.environ):
        raise NotFound(
            f"nothing is up with {state_dir}, and neither AWS_PROFILE nor AWS_ENDPOINT_URL says which cloud is meant; "
            "`menagerie up` starts one here"
        )
    return Clients(boto3.Session())


def addresses_for(state_dir: Path, stack: str) -> StackAddresses:
    """Return where the application answers, by the rule of `clients_for`, and its keys.

    Of a stack that was deployed elsewhere neither the dashboard's nor the data service's address is known: they are
    empty. Raises NotFound if no cloud is meant, Unavailable if it does not answer or has no such stack.
    """
    state = _running(state_dir)
    if state is not None:
        return state.addresses()
    from cloud import deployment

    clients = clients_for(state_dir)
    outputs = deployment.outputs(clients, stack)
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")

    def value(output: str) -> str:
        return clients.apigateway.get_api_key(apiKey=outputs[output], includeValue=True)["value"]

    client_key = value("ClientApiKeyId") if "ClientApiKeyId" in outputs else ""  # a stack of an older template has none
    url = deployment.api_url(outputs, endpoint)
    return StackAddresses(url, value("ApiKeyId"), endpoint, "", "", client_key)


def _running(state_dir: Path) -> StateDirectory | None:
    state = StateDirectory.existing(state_dir)
    return state if state is not None and state.running_pid() is not None else None
