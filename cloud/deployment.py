"""Deploy template.yaml through CloudFormation, to AWS or to an emulator."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from samtranslator.yaml_helper import yaml_parse

from cloud.clients import Clients
from cloud.packaging.package import Package
from cloud.resources import TEMPLATE
from menagerie.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

    from cloud.console import Update

STACK_NAME = "menagerie"
DIGEST_TAG = "menagerie:deployment"
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
# The zip of each function in the template. Only the training job needs the large one.
CODE = {"PredictFunction": "predict", "RetrainFunction": "predict", "TrainFunction": "train"}
TIMEOUT_SECONDS = 15 * 60
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack."""

    name: str
    outputs: Mapping[str, str]
    changed: bool
    """False if the stack already had this template, code and parameters."""


def artifacts_bucket(clients: Clients) -> str:
    """Return the name of the private bucket for uploaded zips; create it on first use."""
    account = clients.sts.get_caller_identity()["Account"]
    region = clients.session.region_name or "us-east-1"
    name = f"menagerie-artifacts-{account}-{region}"
    client = clients.s3
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ("404", "NoSuchBucket", "NotFound"):
            raise
        if region == "us-east-1":  # the only region that must not be named
            client.create_bucket(Bucket=name)
        else:
            client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # any region's name
        client.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
    return name


def upload(package: Package, bucket: str, client: "S3Client") -> str:
    """Upload a zip under its digest unless it exists; return its key."""
    key = f"{package.part}/{package.sha256}.zip"
    try:
        client.head_object(Bucket=bucket, Key=key)
    except ClientError:
        client.upload_file(str(package.path), bucket, key)
    return key


def with_code(template: str, bucket: str, keys: Mapping[str, str]) -> str:
    """Return the template as JSON, with the uploaded zip as the code of each function."""
    document: dict[str, Any] = yaml_parse(template)
    document["Globals"]["Function"].pop("CodeUri")
    for function, part in CODE.items():
        document["Resources"][function]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": keys[part]}
    return json.dumps(document)


def deploy(
    clients: Clients,
    packages: Mapping[str, Package],
    parameters: Mapping[str, str],
    *,
    name: str = STACK_NAME,
    template: Path = TEMPLATE,
    progress: "Update" = lambda _: None,
) -> Stack:
    """Create or update the stack and wait until that is done.

    Parameters that are not given keep their value, or get their default in the first deployment. Raises Unavailable
    with the first failure's reason if the deployment fails, and Conflict if another one is in progress.
    """
    client = clients.cloudformation
    if "ApiKeyValue" in parameters:
        # A template cannot compute a digest. The function needs it on emulators, whose events do not name the key.
        key = parameters["ApiKeyValue"]
        digest = hashlib.sha256(key.encode()).hexdigest() if key else ""
        parameters = {"OperatorKeySha256": digest, **parameters}
    bucket = artifacts_bucket(clients)
    keys = {part: upload(package, bucket, clients.s3) for part, package in packages.items()}
    body = with_code(template.read_text(encoding="utf-8"), bucket, keys)
    digest = hashlib.sha256(json.dumps([body, sorted(parameters.items())]).encode()).hexdigest()
    existing = describe(client, name)
    if existing and existing["StackStatus"] == "ROLLBACK_COMPLETE":  # a first deployment that failed
        client.delete_stack(StackName=name)
        _wait(client, name, progress, total=0)
        existing = None
    if existing and existing["StackStatus"].endswith("IN_PROGRESS"):
        raise Conflict(f"stack {name} is {existing['StackStatus']}; wait until that has ended and deploy again")
    if existing and {"Key": DIGEST_TAG, "Value": digest} in existing.get("Tags", []):
        return Stack(name, _outputs(existing), changed=False)
    arguments: dict[str, Any] = {
        "StackName": name,
        "TemplateBody": body,
        "Capabilities": list(CAPABILITIES),
        "Parameters": _parameters(json.loads(body)["Parameters"], parameters, existing),
        "Tags": [{"Key": DIGEST_TAG, "Value": digest}],
    }
    try:
        client.update_stack(**arguments) if existing else client.create_stack(**arguments)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
    stack = _wait(client, name, progress, total=len(json.loads(body)["Resources"]))
    return Stack(name, _outputs(stack), changed=True)


def describe(client: "CloudFormationClient", name: str) -> dict[str, Any] | None:
    """Return CloudFormation's description of a stack, or None if the stack does not exist."""
    try:
        return dict(client.describe_stacks(StackName=name)["Stacks"][0])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def outputs(clients: Clients, name: str = STACK_NAME) -> dict[str, str]:
    """Return the outputs of a stack; raise Unavailable if it does not exist or CloudFormation does not respond."""
    try:
        stack = describe(clients.cloudformation, name)
    except BotoCoreError as error:
        raise Unavailable(f"CloudFormation does not respond: {error}") from error
    if stack is None:
        raise Unavailable(f"there is no stack called {name}; deploy it with `menagerie deploy`")
    return _outputs(stack)


def api_url(outputs: Mapping[str, str], emulator_url: str = "") -> str:
    """Return the address of a stack's API: below the emulator's address, or on AWS, without one, its own."""
    if emulator_url:
        return f"{emulator_url}/_aws/execute-api/{outputs['ApiId']}/v1"
    return outputs["ApiUrl"]


def _parameters(
    declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str], existing: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise Conflict(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    known = {p["ParameterKey"] for p in existing["Parameters"]} if existing else set()
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in declared if name in known - set(given)]
    return [*({"ParameterKey": name, "ParameterValue": value} for name, value in given.items()), *kept]


def _wait(client: "CloudFormationClient", name: str, progress: "Update", total: int) -> dict[str, Any]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    done: set[str] = set()
    while time.monotonic() < deadline:
        stack = describe(client, name)
        if stack is None:
            return {}
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                raise Unavailable(f"stack {name} is {stack['StackStatus']}: {_first_failure(client, name)}")
            return stack
        for event in client.describe_stack_events(StackName=name)["StackEvents"]:
            if event.get("ResourceStatus", "").endswith("_COMPLETE"):
                done.add(event.get("LogicalResourceId", ""))
        progress(f"{min(len(done), total)} of {total} resources")
        time.sleep(POLL_SECONDS)
    raise Unavailable(f"stack {name} took longer than {TIMEOUT_SECONDS / 60:.0f} minutes")


def _first_failure(client: "CloudFormationClient", name: str) -> str:
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failures = [e for e in events if e.get("ResourceStatus", "").endswith("FAILED")]
    if not failures:
        return "CloudFormation gave no reason"
    first = failures[-1]
    return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
