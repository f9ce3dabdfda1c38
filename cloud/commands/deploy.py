"""`menagerie deploy`."""

import os
from typing import Annotated

import typer


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
) -> None:
    """Package, upload and deploy template.yaml to where AWS_ENDPOINT_URL or the AWS profile points."""
    import boto3

    from cloud import deployment
    from cloud.clients import Clients
    from cloud.locks import LAMBDA, Target, local_target
    from cloud.packaging import PARTS, PROJECT, build
    from cloud.steps import Steps
    from menagerie.errors import InvalidInput

    parameters = {}
    for entry in parameter or []:
        name, equals, value = entry.partition("=")
        if not equals:
            raise InvalidInput(f"--parameter takes NAME=VALUE, not {entry}")
        parameters[name] = value
    if data_service_url:
        parameters["DataServiceUrl"] = data_service_url.rstrip("/")
    clients = Clients(boto3.Session())
    if "DataServiceUrl" not in parameters and deployment.describe(clients.cloudformation, stack) is None:
        raise InvalidInput("the first deployment needs --data-service-url, the address that retraining fetches from")
    target = LAMBDA if python_version is None else local_target()
    if python_version not in (None, "local"):
        target = Target(str(python_version), "linux", "x86_64")
    steps = Steps()
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
    for name, value in sorted(deployed.outputs.items()):
        typer.echo(f"{name}\t{value}")
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        typer.echo(f"EmulatedApiUrl\t{endpoint.rstrip('/')}/_aws/execute-api/{deployed.outputs['ApiId']}/v1")
