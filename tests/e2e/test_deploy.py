"""`menagerie deploy` with AWS_ENDPOINT_URL: each test deploys another stack to the embedded cloud."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from botocore.exceptions import ClientError

from cloud.local.services import ACCOUNT, REGION, emulator_clients
from cloud.resources import TEMPLATE
from cloud.state.directory import StateDirectory
from tests.e2e.conftest import Up, menagerie
from tests.waiting import LIMIT_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def environment_of(up: Up) -> dict[str, str]:
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": up.wait().endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": StateDirectory.open(up.state_dir).secret("emulator-secret-key"),
        "AWS_DEFAULT_REGION": REGION,
    }


def deploy(up: Up, stack: str, *words: str) -> subprocess.CompletedProcess[str]:
    return menagerie("deploy", "--stack", stack, "--python-version", "local", *words, env=environment_of(up))


def test_a_second_stack_is_deployed_beside_the_first(up: Up) -> None:
    incomplete = deploy(up, "second")
    assert incomplete.returncode == 1
    assert "--data-service-url" in incomplete.stderr
    wrong = deploy(up, "second", "--data-service-url", "http://127.0.0.1:9", "--parameter", "Colour=red")
    assert wrong.returncode == 1
    assert "no parameter Colour" in wrong.stderr

    parameters = ("--parameter", "LogRetentionDays=7", "--parameter", "RequireTls=false")
    done = deploy(up, "second", "--data-service-url", "http://127.0.0.1:9", *parameters)
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("\t") for line in done.stdout.splitlines())
    assert outputs["PredictFunctionName"] == "second-predict"
    # Its registry is empty, and the response says what to do.
    health = httpx2.get(outputs["ApiUrl"] + "/health", timeout=LIMIT_SECONDS)
    assert health.status_code == 503
    assert "No model has been promoted yet" in health.json()["detail"]

    again = deploy(up, "second")
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout


def test_parameters_for_aws_take_effect(up: Up) -> None:
    parameters = ("AlarmEmail=keeper@example.org", "ProtectData=true", "RequireTls=true")
    words = [word for each in parameters for word in ("--parameter", each)]
    done = deploy(up, "third", "--data-service-url", "http://127.0.0.1:9", *words)
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("\t") for line in done.stdout.splitlines())
    clients = emulator_clients(up.wait().endpoint_url, StateDirectory.open(up.state_dir).secret("emulator-secret-key"))

    alarms = clients.session.client("cloudwatch", endpoint_url=clients.endpoint_url).describe_alarms()["MetricAlarms"]
    assert len(alarms) == 6
    assert all(":third-AlarmTopic" in action for alarm in alarms for action in alarm["AlarmActions"])

    dynamodb = clients.session.client("dynamodb", endpoint_url=clients.endpoint_url)
    for table in (outputs["PredictionsTableName"], outputs["JobsTableName"]):
        with pytest.raises(ClientError, match="protected against deletion"):
            dynamodb.delete_table(TableName=table)

    # Functions on the emulator use plain http, and the emulator enforces the bucket's policy.
    key = clients.apigateway.get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
    with httpx2.Client(base_url=outputs["ApiUrl"], headers={"x-api-key": key}, timeout=LIMIT_SECONDS) as api:
        assert api.get("/models").status_code == 503
        again = deploy(up, "third", "--parameter", "RequireTls=false")
        assert again.returncode == 0, again.stderr
        assert api.get("/models").json() == {"current": None, "items": []}


@pytest.mark.skipif(shutil.which("aws") is None, reason="there is no program called aws")
def test_the_commands_on_the_page_about_aws_remove_everything(up: Up) -> None:
    made = deploy(up, "fourth", "--data-service-url", "http://127.0.0.1:9", "--parameter", "ProtectData=true")
    assert made.returncode == 0, made.stderr
    page = (TEMPLATE.parent / "docs" / "aws.md").read_text(encoding="utf-8")
    block = page.split("## Back to nothing")[1].split("```sh\n")[1].split("```")[0]
    environment = environment_of(up)
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
        env={**environment, "PATH": path, "STACK": "fourth"},
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    clients = emulator_clients(environment["AWS_ENDPOINT_URL"], environment["AWS_SECRET_ACCESS_KEY"])
    dynamodb = clients.session.client("dynamodb", endpoint_url=clients.endpoint_url)
    left = dynamodb.list_tables()["TableNames"] + [each["Name"] for each in clients.s3.list_buckets()["Buckets"]]
    left += [each["FunctionName"] for each in clients.functions.list_functions()["Functions"]]
    assert len(left) >= 6, "the first stack must still exist"
    assert not [name for name in left if name.startswith("fourth-")]
