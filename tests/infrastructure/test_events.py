"""The rules that start jobs: uploads, the schedule, the end of a job."""

from typing import Any

import pytest

Resources = dict[str, Any]
RULES = ("DatasetUploaded", "FeedbackDue", "JobEnded")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_targets_the_retrain_function_and_may_invoke_it(resources: Resources, rule: str) -> None:
    assert [target["Arn"] for target in resources[rule]["Properties"]["Targets"]] == [
        {"Fn::GetAtt": ["RetrainFunction", "Arn"]}
    ]
    permission = resources[f"{rule}MayInvoke"]["Properties"]
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}
    assert permission["FunctionName"] == {"Ref": "RetrainFunction"}


def test_there_are_no_other_rules(resources: Resources) -> None:
    assert {name for name, each in resources.items() if each["Type"] == "AWS::Events::Rule"} == set(RULES)


def test_only_files_under_datasets_in_the_models_bucket_start_jobs(resources: Resources) -> None:
    assert resources["DatasetUploaded"]["Properties"]["EventPattern"]["detail"] == {
        "bucket": {"name": [{"Ref": "ModelsBucket"}]},
        "object": {"key": [{"prefix": "datasets/"}]},
    }
    notification = resources["ModelsBucket"]["Properties"]["NotificationConfiguration"]
    assert notification == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_schedule_is_disabled_by_default(template: dict[str, Any], resources: Resources) -> None:
    assert template["Parameters"]["FeedbackSchedule"]["Default"] == ""
    assert resources["FeedbackDue"]["Properties"]["State"] == {"Fn::If": ["HasFeedbackSchedule", "ENABLED", "DISABLED"]}


def test_the_rule_for_a_jobs_end_uses_the_bus_of_the_train_function(resources: Resources) -> None:
    assert resources["JobEnded"]["Properties"]["EventBusName"] == {"Ref": "EventBus"}
    variables = resources["TrainFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["EVENT_BUS"] == {"Ref": "EventBus"}
