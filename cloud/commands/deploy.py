"""`menagerie deploy`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from cloud.locks import Target
    from cloud.steps import Steps


def deploy(
    data_service_url: Annotated[
        str | None, typer.Option(help="Where the training function finds the data service; kept at an update.")
    ] = None,
    stack: Annotated[str, typer.Option(help="Name of the stack.")] = "menagerie",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="NAME=VALUE of another template parameter; repeatable.")
    ] = None,
    python_version: Annotated[
        str | None, typer.Option(help="Build the zips for this Python; `local` for an emulator that runs them here.")
    ] = None,
    first_model: Annotated[
        bool, typer.Option("--first-model", help="Train and promote a model if the registry has no current one.")
    ] = False,
    state_dir: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="On an emulator: keep a random API key here, and write stack.json."),
    ] = None,
) -> None:
    """Package, upload and deploy template.yaml to where AWS_ENDPOINT_URL or the AWS profile points."""
    import boto3

    from cloud import deployment
    from cloud.clients import Clients
    from cloud.packaging import PARTS, PROJECT, build
    from cloud.state import StackAddresses, StateDirectory
    from cloud.steps import Steps
    from menagerie.errors import InvalidInput

    parameters = _parameters(parameter or [])
    if data_service_url:
        parameters["DataServiceUrl"] = data_service_url.rstrip("/")
    state = StateDirectory.open(state_dir) if state_dir else None
    if state:
        parameters["ApiKeyValue"] = state.secret("api-key")
    clients = Clients(boto3.Session())
    if "DataServiceUrl" not in parameters and deployment.describe(clients.cloudformation, stack) is None:
        raise InvalidInput("the first deployment needs --data-service-url, the address that retraining fetches from")
    steps = Steps()
    target = _target(python_version)
    with steps.step("Packaging the functions") as tell:
        packages = {part: build(part, target, PROJECT / "build", report=tell) for part in PARTS}
    with steps.step(f"Deploying stack {stack}") as tell:
        deployed = deployment.deploy(
            clients,
            packages,
            parameters,
            name=stack,
            progress=lambda done, total: tell(f"{done} of {total} resources"),
        )
        tell("created or updated" if deployed.changed else "nothing has changed")
    outputs = dict(deployed.outputs)
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    if endpoint:
        outputs["EmulatedApiUrl"] = f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/v1"
    if first_model:
        _first_model(clients.s3, outputs["ModelsBucketName"], data_service_url, steps)
    if state:
        url = outputs.get("EmulatedApiUrl", outputs["ApiUrl"])
        state.write_addresses(StackAddresses(url, state.secret("api-key"), endpoint, None, data_service_url or ""))
    for name, value in sorted(outputs.items()):
        typer.echo(f"{name}\t{value}")


def _parameters(entries: list[str]) -> dict[str, str]:
    from menagerie.errors import InvalidInput

    parameters = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise InvalidInput(f"--parameter takes NAME=VALUE, not {entry}")
        parameters[name] = value
    return parameters


def _target(python_version: str | None) -> "Target":
    from cloud.locks import LAMBDA, Target, local_target

    if python_version is None:
        return LAMBDA
    return local_target() if python_version == "local" else Target(python_version, "linux", "x86_64")


def _first_model(client: "S3Client", bucket: str, data_service_url: str | None, steps: "Steps") -> None:
    from cloud.first_model import FirstModel, ensure_current_model, title_of
    from menagerie.errors import InvalidInput
    from menagerie.job import DataServiceSource
    from menagerie.s3_registry import S3ModelRegistry

    if data_service_url is None:
        raise InvalidInput("--first-model needs --data-service-url, to fetch its rows from")
    registry = S3ModelRegistry(client, bucket)
    with steps.step(title_of(registry)) as tell:
        ensure_current_model(registry, FirstModel(data_service_url, DataServiceSource()), tell)
