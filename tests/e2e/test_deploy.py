"""`menagerie deploy` to where AWS_ENDPOINT_URL points: here, a second stack on the embedded cloud."""

import os
import subprocess
import sys

import httpx2
import pytest
from botocore.exceptions import ClientError

from cloud.emulator import ACCOUNT, REGION, emulator_clients
from cloud.state import StateDirectory
from tests.e2e.conftest import Up

pytestmark = pytest.mark.e2e


def deploy(up: Up, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": up.wait().endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": StateDirectory.open(up.state_dir).secret("emulator-secret-key"),
        "AWS_DEFAULT_REGION": REGION,
    }
    command = [sys.executable, "-m", "cloud.cli", "deploy", "--stack", "second", "--python-version", "local", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240, env=environment)


def test_a_second_stack_stands_beside_the_first(up: Up) -> None:
    unsaid = deploy(up)
    assert unsaid.returncode == 1
    assert "--data-service-url" in unsaid.stderr
    wrong = deploy(up, "--data-service-url", "http://127.0.0.1:9", "--parameter", "Colour=red")
    assert wrong.returncode == 1
    assert "no parameter Colour" in wrong.stderr

    done = deploy(up, "--data-service-url", "http://127.0.0.1:9", "--parameter", "LogRetentionDays=7")
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("\t") for line in done.stdout.splitlines())
    assert outputs["PredictFunctionName"] == "second-predict"
    # Its own registry is empty, and it says what to do about that.
    health = httpx2.get(outputs["EmulatedApiUrl"] + "/health", timeout=30.0)
    assert health.status_code == 503
    assert "No model has been promoted yet" in health.json()["detail"]

    again = deploy(up)
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout


def test_what_is_meant_for_aws_does_what_it_says(up: Up) -> None:
    asked = ("AlarmEmail=keeper@example.org", "ProtectData=true", "RequireTls=true")
    words = [word for each in asked for word in ("--parameter", each)]
    done = deploy(up, "--data-service-url", "http://127.0.0.1:9", *words)
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("\t") for line in done.stdout.splitlines())
    clients = emulator_clients(up.wait().endpoint_url, StateDirectory.open(up.state_dir).secret("emulator-secret-key"))

    alarms = clients.session.client("cloudwatch", endpoint_url=clients.endpoint_url).describe_alarms()["MetricAlarms"]
    assert len(alarms) == 6
    assert all(":second-AlarmTopic" in action for alarm in alarms for action in alarm["AlarmActions"])

    dynamodb = clients.session.client("dynamodb", endpoint_url=clients.endpoint_url)
    for table in (outputs["PredictionsTableName"], outputs["JobsTableName"]):
        with pytest.raises(ClientError, match="protected against deletion"):
            dynamodb.delete_table(TableName=table)
    with pytest.raises(ClientError, match="AccessDenied"):
        clients.s3.list_objects_v2(Bucket=outputs["ModelsBucketName"])

    # And back again: what was asked for is no trap.
    undone = deploy(up, *(word for name in asked[1:] for word in ("--parameter", f"{name.split('=')[0]}=false")))
    assert undone.returncode == 0, undone.stderr
    assert clients.s3.list_objects_v2(Bucket=outputs["ModelsBucketName"])["KeyCount"] == 0
    dynamodb.delete_table(TableName=outputs["JobsTableName"])
