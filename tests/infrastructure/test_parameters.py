"""The template's parameters: defaults, documentation, and the resources that they switch on."""

import re
from typing import Any

import pytest

from cloud.resources import TEMPLATE
from menagerie.aws.metrics import STAGE
from menagerie.job import JobStatus
from tests.metric_filter import metric_filter

Resources = dict[str, Any]

ALARMS = {
    "ServerErrors": ("AWS/ApiGateway", "5XXError"),
    "SlowAnswers": ("AWS/ApiGateway", "Latency"),
    "PredictCrashes": ("AWS/Lambda", "Errors"),
    "PredictThrottles": ("AWS/Lambda", "Throttles"),
    "TrainingCrashes": ("AWS/Lambda", "Errors"),
    "TrainingFailures": ("Menagerie", {"Fn::Sub": "${AWS::StackName}-failed-trainings"}),
}


@pytest.fixture
def parameters(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Parameters"]
    return found


def test_only_the_data_service_has_no_default(parameters: dict[str, Any]) -> None:
    assert {name for name, each in parameters.items() if "Default" not in each} == {"DataServiceUrl"}


def test_every_parameter_has_a_description_with_a_constraint(parameters: dict[str, Any]) -> None:
    constraints = {"AllowedPattern", "AllowedValues", "MinValue"}
    assert not [name for name, each in parameters.items() if not each.get("Description") or not constraints & set(each)]


def test_the_page_about_aws_lists_every_parameter_with_its_default(parameters: dict[str, Any]) -> None:
    page = (TEMPLATE.parent / "docs" / "aws.md").read_text(encoding="utf-8")
    table = page.split("| parameter | default |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]*?)`? \|", table, re.MULTILINE))
    documented = {name: "" if value.startswith("empty") else value for name, value in rows.items()}
    actual = {name: str(each.get("Default", "must be given")) for name, each in parameters.items()}
    assert documented == actual


@pytest.mark.parametrize(
    ("condition", "parameter", "meaning"),
    [
        ("HasAlarmEmail", "AlarmEmail", lambda ref: {"Fn::Not": [{"Fn::Equals": [ref, ""]}]}),
        ("ProtectsData", "ProtectData", lambda ref: {"Fn::Equals": [ref, "true"]}),
        ("RequiresTls", "RequireTls", lambda ref: {"Fn::Equals": [ref, "true"]}),
    ],
)
def test_a_condition_depends_on_its_parameter(
    template: dict[str, Any], condition: str, parameter: str, meaning: Any
) -> None:
    assert template["Conditions"][condition] == meaning({"Ref": parameter})


@pytest.mark.parametrize("address", ["keeper@example.org", ""])
def test_an_email_address_is_accepted(parameters: dict[str, Any], address: str) -> None:
    assert re.fullmatch(parameters["AlarmEmail"]["AllowedPattern"], address)


@pytest.mark.parametrize("address", ["keeper", "keeper@", "two words@example.org", "a@b@c"])
def test_an_invalid_email_address_is_refused(parameters: dict[str, Any], address: str) -> None:
    assert not re.fullmatch(parameters["AlarmEmail"]["AllowedPattern"], address)


def test_without_an_address_there_is_neither_topic_nor_alarm(resources: Resources) -> None:
    watching = {
        name for name, each in resources.items() if re.match("AWS::(SNS|CloudWatch|Logs::Metric)", each["Type"])
    }
    assert watching == {*ALARMS, "AlarmTopic", "FailedTrainings"}
    assert {name for name, each in resources.items() if each.get("Condition") == "HasAlarmEmail"} == watching


def test_the_topic_mails_to_the_address(resources: Resources) -> None:
    topic = resources["AlarmTopic"]["Properties"]
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}]
    # Alarms cannot publish to a topic that is encrypted with the AWS managed key of SNS.
    assert "KmsMasterKeyId" not in topic


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_its_metric_and_notifies_the_topic(resources: Resources, name: str) -> None:
    alarm = resources[name]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ALARMS[name]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["TreatMissingData"] == "notBreaching"
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
    match alarm["Namespace"]:
        case "AWS/ApiGateway":
            assert dimensions == {"ApiName": {"Ref": "AWS::StackName"}, "Stage": STAGE}
        case "AWS/Lambda":
            function = "PredictFunction" if name.startswith("Predict") else "TrainFunction"
            assert dimensions == {"FunctionName": {"Ref": function}}
        case _:
            assert not dimensions


def test_failed_trainings_are_counted_in_the_log_of_the_train_function(resources: Resources) -> None:
    """The log line itself is tested in tests/integration, where a training fails."""
    counted = resources["FailedTrainings"]["Properties"]
    assert metric_filter(counted["FilterPattern"]) == {"message": "job ended", "status": JobStatus.FAILED.value}
    assert counted["LogGroupName"] == {"Ref": "TrainLogGroup"}
    [transformation] = counted["MetricTransformations"]
    alarm = resources["TrainingFailures"]["Properties"]
    assert transformation["MetricNamespace"] == alarm["Namespace"]
    assert transformation["MetricName"] == alarm["MetricName"]


@pytest.mark.parametrize("table", ["PredictionsTable", "JobsTable"])
def test_a_parameter_protects_the_tables_from_deletion(resources: Resources, table: str) -> None:
    protected = resources[table]["Properties"]["DeletionProtectionEnabled"]
    assert protected == {"Fn::If": ["ProtectsData", True, False]}


def test_the_bucket_refuses_plain_http_by_default(parameters: dict[str, Any], resources: Resources) -> None:
    assert parameters["RequireTls"]["Default"] == "true"
    policy = resources["ModelsBucketPolicy"]
    assert policy["Condition"] == "RequiresTls"
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = {"Fn::GetAtt": ["ModelsBucket", "Arn"]}
    assert statement["Resource"] == [arn, {"Fn::Sub": "${ModelsBucket.Arn}/*"}]
    # A retained policy would stay after the parameter is set to false.
    assert "DeletionPolicy" not in policy


def test_the_stage_is_the_version_of_the_contract(template: dict[str, Any], resources: Resources) -> None:
    stage = resources["Api"]["Properties"]["StageName"]
    assert stage == STAGE
    assert [each["Stage"] for each in resources["UsagePlan"]["Properties"]["ApiStages"]] == [stage]
    assert resources["UsagePlan"]["DependsOn"] == f"Api{stage}Stage"
    assert template["Outputs"]["ApiUrl"]["Value"]["Fn::Sub"].endswith(f"/{stage}")
