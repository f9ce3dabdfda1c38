"""`menagerie deploy`."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3 import S3Client

    from cloud.console import Steps
    from cloud.state.directory import StateDirectory

SECONDS_BETWEEN_CHECKS = 5.0


def deploy(
    data_service_url: Annotated[
        str | None, typer.Option(help="Address of the data service for the training function; kept in an update.")
    ] = None,
    stack: Annotated[str, typer.Option(help="Name of the stack.")] = "menagerie",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="Another template parameter as NAME=VALUE; repeatable.")
    ] = None,
    python_version: Annotated[
        str | None,
        typer.Option(help="Python version of the zips; `local` for an emulator that uses this Python."),
    ] = None,
    first_model: Annotated[
        bool, typer.Option("--first-model", help="Train and promote a model if the registry has no current one.")
    ] = False,
    state_dir: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="For an emulator: folder of the generated API keys and stack.json."),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep running, and deploy again whenever the stack is missing; Ctrl-C stops it."),
    ] = False,
) -> None:
    """Package the functions and deploy template.yaml to the cloud of AWS_ENDPOINT_URL or of the AWS profile."""
    from cloud.console import Steps
    from cloud.state.directory import StateDirectory
    from menagerie.errors import InvalidInput

    if keep and state_dir is None:
        raise InvalidInput("--keep needs --state-dir for stack.json, which exists while the application is deployed")
    parameters = _parameters(parameter or [])
    if data_service_url:
        parameters["DataServiceUrl"] = data_service_url.rstrip("/")
    state = StateDirectory.open(state_dir) if state_dir else None
    steps = Steps()

    def deploy_once() -> None:
        outputs = _deploy(stack, parameters, python_version, state, steps, first_model=first_model)
        for name, value in sorted(outputs.items()):
            typer.echo(f"{name}\t{value}")

    if keep and state:
        _keep_deployed(deploy_once, stack, state, steps)
    else:
        deploy_once()


def _deploy(
    stack: str,
    parameters: "Mapping[str, str]",
    python_version: str | None,
    state: "StateDirectory | None",
    steps: "Steps",
    *,
    first_model: bool,
) -> dict[str, str]:
    import boto3

    from cloud import deployment
    from cloud.clients import Clients
    from cloud.packaging.lockfile import LAMBDA, target_named
    from cloud.packaging.package import PARTS, build
    from cloud.resources import builds
    from cloud.state.directory import StackAddresses
    from menagerie.errors import InvalidInput

    clients = Clients(boto3.Session())
    if state:
        parameters = {**parameters, **state.key_parameters()}
    if "DataServiceUrl" not in parameters and deployment.describe(clients.cloudformation, stack) is None:
        raise InvalidInput("the first deployment needs --data-service-url, from which retraining fetches its rows")
    target = target_named(python_version) if python_version else LAMBDA
    with steps.step("Packaging the functions") as update:
        packages = {part: build(part, target, builds(), progress=update) for part in PARTS}
    with steps.step(f"Deploying stack {stack}") as update:
        deployed = deployment.deploy(clients, packages, parameters, name=stack, progress=update)
        update("created or updated" if deployed.changed else "no changes")
    outputs = dict(deployed.outputs)
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    outputs["ApiUrl"] = deployment.api_url(outputs, emulator_url=endpoint)
    data_service_url = parameters.get("DataServiceUrl")
    if first_model:
        _first_model(clients.s3, outputs["ModelsBucketName"], data_service_url, steps)
    if state:
        addresses = StackAddresses(
            api_url=outputs["ApiUrl"],
            api_key=state.secret("api-key"),
            endpoint_url=endpoint,
            dashboard_url=None,
            data_service_url=data_service_url or "",
            client_api_key=state.secret("client-api-key"),
        )
        state.write_addresses(addresses)
    return outputs


def _keep_deployed(deploy_once: "Callable[[], None]", stack: str, state: "StateDirectory", steps: "Steps") -> None:
    import boto3

    from cloud import deployment
    from cloud.clients import Clients
    from cloud.local.processes import StopOnSignals

    def is_deployed() -> bool:
        return deployment.describe(Clients(boto3.Session()).cloudformation, stack) is not None

    with StopOnSignals(), suppress(KeyboardInterrupt):
        keep_deployed(deploy_once, is_deployed, state, steps, wait=time.sleep)


def keep_deployed(
    deploy_once: "Callable[[], None]",
    is_deployed: "Callable[[], bool]",
    state: "StateDirectory",
    steps: "Steps",
    wait: "Callable[[float], None]",
) -> None:
    """Deploy, and deploy again whenever the stack is missing, until `wait` or a signal raises.

    stack.json exists only while the application is deployed, so a health check can look for that file. Errors of the
    cloud are retried, because an emulator that restarts is empty. Raises InvalidInput, which a retry cannot fix.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from menagerie.errors import InvalidInput, MenagerieError

    state.delete_addresses()
    while True:
        try:
            deploy_once()
            while is_deployed():
                wait(SECONDS_BETWEEN_CHECKS)
            steps.note("the stack does not exist any more; deploying it again")
        except InvalidInput:
            raise
        except (MenagerieError, BotoCoreError, ClientError) as error:
            steps.note(f"{' '.join(str(error).split())}; trying again in {SECONDS_BETWEEN_CHECKS:.0f} s")
        state.delete_addresses()
        wait(SECONDS_BETWEEN_CHECKS)


def _parameters(entries: list[str]) -> dict[str, str]:
    from menagerie.errors import InvalidInput

    parameters = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise InvalidInput(f"--parameter takes NAME=VALUE, not {entry}")
        parameters[name] = value
    return parameters


def _first_model(client: "S3Client", bucket: str, data_service_url: str | None, steps: "Steps") -> None:
    from cloud.local.first_model import FirstModel, ensure_current_model, title_of
    from menagerie.aws.registry import S3ModelRegistry
    from menagerie.errors import InvalidInput
    from menagerie.job import DataServiceSource

    if data_service_url is None:
        raise InvalidInput("--first-model needs --data-service-url, from which it fetches its rows")
    registry = S3ModelRegistry(client, bucket)
    with steps.step(title_of(registry)) as update:
        ensure_current_model(registry, FirstModel(data_service_url, DataServiceSource()), update)
