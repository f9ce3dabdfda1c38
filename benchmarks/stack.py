"""Start an embedded cloud for measurements through its gateway, with an empty function for comparison."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from cloud.clients import Clients
from cloud.local.services import emulator_clients
from cloud.state.directory import StateDirectory
from menagerie.http_client import http_client
from tests.e2e.conftest import Up

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RIVAL = "bench-rival"
# It writes one log line, as our functions do, because the emulator waits up to 50 ms for one.
_WRITES_ONE_ITEM = """
import os, uuid
import boto3
client = boto3.client("dynamodb")
def handler(event, context):
    key = {"pk": {"S": "bench"}, "sk": {"S": str(uuid.uuid4())}}
    client.put_item(TableName=os.environ["TABLE"], Item=key)
    print("{}", flush=True)
    return {"statusCode": 200, "body": "{}"}
"""


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Addresses of both functions, with clients for table and stack."""

    up: Up
    clients: Clients
    api: str
    api_key: str
    rival: str
    table: "DynamoDBClient"
    table_name: str

    def client(self) -> httpx2.Client:
        """Return a new client with the API key."""
        return http_client(self.api, timeout=60.0, headers={"x-api-key": self.api_key})


@contextmanager
def running_stack() -> Iterator[RunningStack]:
    """Run `menagerie up` without the dashboard in a temporary state folder."""
    with tempfile.TemporaryDirectory() as folder:
        up = Up(Path(folder) / "state")
        try:
            addresses = up.wait()
            secret = StateDirectory.open(up.state_dir).secret("emulator-secret-key")
            clients = emulator_clients(addresses.endpoint_url, secret)
            _lift_throttle(clients)
            table_name = _outputs(clients, "menagerie")["PredictionsTableName"]
            yield RunningStack(
                up,
                clients,
                addresses.api_url,
                addresses.api_key,
                _deploy_rival(clients, addresses.endpoint_url, table_name),
                clients.session.client("dynamodb", endpoint_url=addresses.endpoint_url),
                table_name,
            )
        finally:
            up.stop()


def _lift_throttle(clients: Clients) -> None:
    """Raise the usage plan's limit of 100 requests a second, which would limit the measurement."""
    (plan,) = clients.apigateway.get_usage_plans()["items"]
    for limit in ("rateLimit", "burstLimit"):
        clients.apigateway.update_usage_plan(
            usagePlanId=plan["id"], patchOperations=[{"op": "replace", "path": f"/throttle/{limit}", "value": "100000"}]
        )


def _deploy_rival(clients: Clients, endpoint_url: str, table_name: str) -> str:
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "v1"}},
            "Function": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Handler": "index.handler",
                    "InlineCode": _WRITES_ONE_ITEM,
                    "MemorySize": 1769,
                    "Timeout": 29,
                    "Environment": {"Variables": {"TABLE": table_name}},
                    "Events": {
                        "Write": {
                            "Type": "Api",
                            "Properties": {"RestApiId": {"Ref": "Api"}, "Method": "POST", "Path": "/write"},
                        }
                    },
                },
            },
        },
        "Outputs": {"ApiId": {"Value": {"Ref": "Api"}}},
    }
    clients.cloudformation.create_stack(
        StackName=RIVAL, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    )
    while "IN_PROGRESS" in clients.cloudformation.describe_stacks(StackName=RIVAL)["Stacks"][0]["StackStatus"]:
        time.sleep(0.2)
    return f"{endpoint_url}/_aws/execute-api/{_outputs(clients, RIVAL)['ApiId']}/v1/write"


def _outputs(clients: Clients, stack: str) -> dict[str, str]:
    described = clients.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
