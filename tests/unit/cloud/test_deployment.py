"""Deployment: code in the template, kept parameters, reasons of failures."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from cloud.clients import Clients
from cloud.deployment import CODE, deploy, upload, with_code
from cloud.packaging.package import Package
from cloud.resources import TEMPLATE
from menagerie.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = {"predict": "predict/1.zip", "train": "train/2.zip"}


def missing(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "404", "Message": "Stack with id x does not exist"}}, operation)


class FakeCloudFormation:
    """Keeps one stack; every create ends in a given status."""

    def __init__(self, ends_in: str = "CREATE_COMPLETE", stack: dict[str, Any] | None = None) -> None:
        self.ends_in, self.stack = ends_in, stack
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if self.stack is None:
            raise missing("DescribeStacks")
        return {"Stacks": [self.stack]}

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:
        return {
            "StackEvents": [
                {"LogicalResourceId": "Late", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "cancelled"},
                {"LogicalResourceId": "Table", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "quota"},
            ]
        }

    def create_stack(self, **arguments: Any) -> None:
        self.calls.append(("create", arguments))
        self.stack = {
            "StackStatus": self.ends_in,
            "Parameters": arguments["Parameters"],
            "Tags": arguments["Tags"],
            "Outputs": [{"OutputKey": "ApiId", "OutputValue": "abc"}],
        }

    def update_stack(self, **arguments: Any) -> None:
        assert self.stack is not None
        self.calls.append(("update", arguments))
        self.stack["Tags"] = arguments["Tags"]

    def delete_stack(self, **arguments: Any) -> None:
        self.calls.append(("delete", arguments))
        self.stack = None


class FakeS3:
    """Keeps the keys of what was uploaded."""

    def __init__(self) -> None:
        self.uploads: list[str] = []

    def head_bucket(self, Bucket: str) -> None:
        pass

    def head_object(self, Bucket: str, Key: str) -> None:
        if Key not in self.uploads:
            raise missing("HeadObject")

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.uploads.append(key)


class FakeSts:
    """Always the same account."""

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "000000000000"}


def clients(cloudformation: FakeCloudFormation) -> Clients:
    fake = SimpleNamespace(
        cloudformation=cloudformation, s3=FakeS3(), sts=FakeSts(), session=SimpleNamespace(region_name="eu-west-1")
    )
    return cast(Clients, fake)


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, Package]:
    return {part: Package(part, tmp_path / part, sha256=part * 3, unzipped=1) for part in KEYS}


PARAMETERS = {"DataServiceUrl": "http://127.0.0.1:8777"}


def test_every_function_of_the_template_gets_its_zip() -> None:
    document = json.loads(with_code(TEMPLATE.read_text(encoding="utf-8"), "artifacts", KEYS))
    functions = {n for n, r in document["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
    assert functions == set(CODE)
    code = document["Resources"]["TrainFunction"]["Properties"]["CodeUri"]
    assert code == {"Bucket": "artifacts", "Key": "train/2.zip"}


def test_a_zip_is_uploaded_once(packages: dict[str, Package]) -> None:
    s3 = FakeS3()
    keys = [upload(packages["predict"], "artifacts", cast("S3Client", s3)) for _ in range(2)]
    assert keys == ["predict/predictpredictpredict.zip"] * 2
    assert s3.uploads == keys[:1]


def test_an_unchanged_deployment_is_not_repeated(packages: dict[str, Package]) -> None:
    cloudformation = FakeCloudFormation()
    first = deploy(clients(cloudformation), packages, PARAMETERS)
    second = deploy(clients(cloudformation), packages, PARAMETERS)
    assert (first.changed, second.changed) == (True, False)
    assert first.outputs == second.outputs == {"ApiId": "abc"}
    assert [name for name, _ in cloudformation.calls] == ["create"]


def test_an_update_keeps_parameters_that_are_not_given(packages: dict[str, Package]) -> None:
    cloudformation = FakeCloudFormation()
    deploy(clients(cloudformation), packages, {**PARAMETERS, "LogRetentionDays": "7"})
    deploy(clients(cloudformation), packages, {"LogRetentionDays": "14"})
    name, arguments = cloudformation.calls[-1]
    assert name == "update"
    assert {"ParameterKey": "DataServiceUrl", "UsePreviousValue": True} in arguments["Parameters"]
    assert {"ParameterKey": "LogRetentionDays", "ParameterValue": "14"} in arguments["Parameters"]


def test_a_failure_has_the_reason_of_the_first_failed_resource(packages: dict[str, Package]) -> None:
    with pytest.raises(Unavailable, match="ROLLBACK_COMPLETE: Table: quota"):
        deploy(clients(FakeCloudFormation(ends_in="ROLLBACK_COMPLETE")), packages, PARAMETERS)


def test_a_failed_first_deployment_is_deleted(packages: dict[str, Package]) -> None:
    failed = {"StackStatus": "ROLLBACK_COMPLETE", "Parameters": [], "Tags": []}
    cloudformation = FakeCloudFormation(stack=failed)
    deploy(clients(cloudformation), packages, PARAMETERS)
    assert [name for name, _ in cloudformation.calls] == ["delete", "create"]


def test_an_unknown_parameter_is_named(packages: dict[str, Package]) -> None:
    with pytest.raises(Conflict, match="no parameter Colour; it has AlarmEmail, ApiKeyValue"):
        deploy(clients(FakeCloudFormation()), packages, {**PARAMETERS, "Colour": "red"})


def test_a_stack_with_an_update_in_progress_is_a_conflict(packages: dict[str, Package]) -> None:
    busy = {"StackStatus": "UPDATE_IN_PROGRESS", "Parameters": [], "Tags": []}
    with pytest.raises(Conflict, match="UPDATE_IN_PROGRESS"):
        deploy(clients(FakeCloudFormation(stack=busy)), packages, PARAMETERS)
