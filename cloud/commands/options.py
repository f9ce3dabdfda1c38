"""Options that several commands share, and the cloud that they select."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.state.directory import StackAddresses, StateDirectory
from menagerie.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from cloud.clients import Clients

StateDir = Annotated[
    Path, typer.Option("--state-dir", help="Folder of the models, predictions and keys.", file_okay=False)
]
Stack = Annotated[str, typer.Option("--stack", help="Name of the stack.")]
DEFAULT_STACK = "menagerie"
# A hundred years in minutes.
LARGEST_NUMBER = 52_600_000


def finite(parameter: typer.CallbackParam, value: float) -> float:
    """Validate a float option, since a minimum alone accepts NaN and infinity.

    Raises InvalidInput with the option's name unless the number is between 0 and a hundred years.
    """
    if not (math.isfinite(value) and 0 <= value <= LARGEST_NUMBER):
        option = f"--{(parameter.name or '').replace('_', '-')}"
        raise InvalidInput(f"{option} takes a number from 0 to {LARGEST_NUMBER}, not {value}")
    return value


def clients_for(state_dir: Path) -> "Clients":
    """Return clients of the cloud that is up with a state folder, else of AWS_ENDPOINT_URL or the AWS profile.

    Raises NotFound if none of them selects a cloud.
    """
    import boto3

    from cloud.clients import Clients
    from cloud.local.services import emulator_clients

    state = _running(state_dir)
    if state is not None:
        return emulator_clients(state.addresses().endpoint_url, state.secret("emulator-secret-key"))
    if not {"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"} & set(os.environ):
        raise NotFound(
            f"nothing is up with {state_dir}, and neither AWS_PROFILE nor AWS_ENDPOINT_URL is set; "
            "start an embedded cloud with `menagerie up`"
        )
    return Clients(boto3.Session())


def addresses_for(state_dir: Path, stack: str) -> StackAddresses:
    """Return the addresses and keys of the application in the cloud that `clients_for` selects.

    For a stack that was deployed by other means, the addresses of dashboard and data service are unknown and empty.
    Raises NotFound if no cloud is selected, and Unavailable if it does not respond or has no such stack.
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

    client_key = value("ClientApiKeyId") if "ClientApiKeyId" in outputs else ""  # an older template has no such output
    url = deployment.api_url(outputs, endpoint)
    return StackAddresses(url, value("ApiKeyId"), endpoint, "", "", client_key)


def _running(state_dir: Path) -> StateDirectory | None:
    state = StateDirectory.existing(state_dir)
    return state if state is not None and state.running_pid() is not None else None
