"""template.yaml: private data, least privilege, log retention, no findings of cfn-lint."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from cloud.resources import TEMPLATE
from menagerie.aws.metrics import STAGE
from menagerie.service_metrics import FUNCTIONS as SOURCES

Resources = dict[str, Any]
FUNCTIONS = ("PredictFunction", "RetrainFunction", "TrainFunction")


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def statements(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


# Actions without resource types can only be allowed for all resources (Service Authorization Reference).
WITHOUT_RESOURCE = {"cloudwatch:GetMetricData"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_cfn_lint_finds_nothing() -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [lint, "--include-checks", "I", "--", TEMPLATE], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout


def test_no_rule_of_cfn_lint_is_disabled(template: dict[str, Any], resources: Resources) -> None:
    assert "cfn-lint" not in template.get("Metadata", {})
    assert not [name for name, r in resources.items() if "cfn-lint" in r.get("Metadata", {})]
    assert not (TEMPLATE.parent / ".cfnlintrc").exists()


def test_the_gateways_own_errors_are_problem_documents(resources: Resources) -> None:
    answers = resources["Api"]["Properties"]["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "INVALID_API_KEY"} <= answers.keys()
    for name, answer in answers.items():
        assert answer["ResponseParameters"]["Headers"] == {"Content-Type": "'application/problem+json'"}
        text = answer["ResponseTemplates"]["application/json"]
        # API Gateway inserts a JSON string here. The output of a function that died must not be shown.
        document = json.loads(text.replace("$context.error.messageString", '"Missing Authentication Token"'))
        assert document.keys() >= {"type", "title", "detail"}
        assert ("$context" in text) is (name == "DEFAULT_4XX")


def test_policies_name_their_actions_and_resources(resources: Resources) -> None:
    found = list(statements(resources))
    assert len(found) >= 10
    for role, statement in found:
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{role} allows {action}"
        for resource in as_list(statement["Resource"]):
            everywhere = set(as_list(statement["Action"])) if resource == "*" else set()
            assert everywhere <= WITHOUT_RESOURCE, f"{role} allows {statement['Sid']} everywhere"
    assert not any("ManagedPolicyArns" in role for role in of_type(resources, "AWS::IAM::Role").values())


def test_each_role_uses_its_tables(resources: Resources) -> None:
    tables = {
        (role, resource["Fn::GetAtt"][0])
        for role, statement in statements(resources)
        for resource in as_list(statement["Resource"])
        if "Fn::GetAtt" in resource and resource["Fn::GetAtt"][0].endswith("Table")
    }
    assert tables == {
        ("PredictRole", "PredictionsTable"),
        ("RetrainRole", "JobsTable"),
        ("RetrainRole", "PredictionsTable"),
        ("TrainRole", "JobsTable"),
        ("TrainRole", "PredictionsTable"),
    }


@pytest.mark.parametrize("reader", ["TrainRole", "RetrainRole"])
def test_other_functions_read_only_feedback_in_the_predictions_table(resources: Resources, reader: str) -> None:
    found = [
        statement
        for role, statement in statements(resources)
        if role == reader and statement["Resource"] == {"Fn::GetAtt": ["PredictionsTable", "Arn"]}
    ]
    assert [(each["Action"], each["Condition"]) for each in found] == [
        ("dynamodb:Query", {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["feedback"]}})
    ]


def test_only_train_writes_models_while_retrain_writes_the_pointer(resources: Resources) -> None:
    writers = {
        (role, resource["Fn::Sub"])
        for role, statement in statements(resources)
        if "s3:PutObject" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    assert writers == {
        ("RetrainRole", "${ModelsBucket.Arn}/models/current.json"),
        ("TrainRole", "${ModelsBucket.Arn}/models/*"),
    }


def test_buckets_are_private_encrypted_versioned_and_kept(resources: Resources) -> None:
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert buckets
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_tables_are_on_demand_encrypted_recoverable_and_kept(resources: Resources) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert set(tables) == {"PredictionsTable", "JobsTable"}
    for name, table in tables.items():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "forget_at", "Enabled": True}
        assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_tables_have_streams_of_old_and_new_items(resources: Resources) -> None:
    for table in of_type(resources, "AWS::DynamoDB::Table").values():
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_own_role_and_log_group(resources: Resources, function: str) -> None:
    properties = resources[function]["Properties"]
    prefix = function.removesuffix("Function")
    assert properties["Role"] == {"Fn::GetAtt": [f"{prefix}Role", "Arn"]}
    assert properties["LoggingConfig"]["LogGroup"] == {"Ref": f"{prefix}LogGroup"}
    group = resources[f"{prefix}LogGroup"]["Properties"]
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{prefix.lower()}"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_handler_of_a_function_exists(resources: Resources, function: str) -> None:
    module, _, name = resources[function]["Properties"]["Handler"].rpartition(".")
    source = TEMPLATE.parent / (module.replace(".", "/") + ".py")
    defined = set()
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=function):
                defined.add(function)
            case ast.Assign(targets=[ast.Name(id=variable)]):
                defined.add(variable)
    assert name in defined


def test_metrics_are_read_by_the_names_of_functions_and_api(resources: Resources) -> None:
    variables = resources["PredictFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["STACK_NAME"] == {"Ref": "AWS::StackName"}
    names = {resources[function]["Properties"]["FunctionName"]["Fn::Sub"] for function in FUNCTIONS}
    assert names == {f"${{AWS::StackName}}-{source}" for source in SOURCES}
    api = resources["Api"]["Properties"]
    assert (api["Name"], api["StageName"]) == ({"Ref": "AWS::StackName"}, STAGE)
    # Without this, AWS has metrics of the API and the stage, but not of the methods.
    assert [setting["MetricsEnabled"] for setting in api["MethodSettings"]] == [True]


def test_training_is_not_retried(resources: Resources) -> None:
    assert resources["TrainFunction"]["Properties"]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_telemetry_is_disabled_in_every_function(template: dict[str, Any]) -> None:
    assert template["Globals"]["Function"]["Environment"]["Variables"]["ORT_DISABLE_TELEMETRY"] == "1"


def test_http_functions_end_within_the_gateways_timeout(resources: Resources) -> None:
    for function in ("PredictFunction", "RetrainFunction"):
        assert resources[function]["Properties"]["Timeout"] <= 29


def test_the_tags_of_the_api_name_its_id_on_emulators(
    monkeypatch: pytest.MonkeyPatch, template: dict[str, Any]
) -> None:
    class NoPolicies:
        def load(self) -> dict[str, str]:
            return {}

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    document = deepcopy(template)
    document["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    (api,) = of_type(transform(document, {}, NoPolicies())["Resources"], "AWS::ApiGateway::RestApi").values()
    tags = {tag["Key"]: tag["Value"] for tag in api["Tags"]}
    assert tags == {key: {"Ref": "AWS::StackName"} for key in ("_custom_id_", "ms-custom-id")}
