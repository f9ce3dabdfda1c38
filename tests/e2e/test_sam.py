"""`menagerie sam` passes options and environment to `sam`, here replaced by a program that prints them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.commands.options import clients_for
from cloud.deployment import outputs
from tests.e2e.conftest import Up
from tests.waiting import LIMIT_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PRINT_ARGUMENTS = """
import json, os, sys, time, urllib.request
words = sys.argv[1:]
given = {"words": words, "environment": dict(os.environ)}
if "--env-vars" in words:
    given["functions"] = json.load(open(words[words.index("--env-vars") + 1]))
    endpoint = given["functions"]["PredictFunction"]["AWS_ENDPOINT_URL"]
    given["status"] = urllib.request.urlopen(endpoint + "/_ministack/health").status
print(json.dumps(given), flush=True)
time.sleep(600 if "start-api" in words else 0)
sys.exit(3)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a build, and fake programs `sam` and `docker` in PATH."""
    (tmp_path / ".aws-sam" / "build").mkdir(parents=True)
    (tmp_path / ".aws-sam" / "build" / "template.yaml").touch()
    for name, script in {
        "sam": PRINT_ARGUMENTS,
        "docker": """print('[{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.1"}]')""",
    }.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


def start(up: Up, project: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cloud.cli", "sam", "--state-dir", str(up.state_dir), *words]
    # From an earlier session; it must not be passed on.
    environment = {**os.environ, "PATH": str(project / "bin"), "AWS_SESSION_TOKEN": "stale"}
    return subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_functions_under_sam_local_get_the_stacks_bucket_with_a_reachable_endpoint(up: Up, project: Path) -> None:
    out, err = (process := start(up, project, "local", "invoke", "PredictFunction", "--event", "e.json")).communicate()
    assert process.returncode == 3, err
    given = json.loads(out)
    assert given["words"][:3] == ["local", "invoke", "--env-vars"]
    assert given["words"][4:6] == ["--add-host", "host.docker.internal:host-gateway"]
    assert given["words"][6:] == ["PredictFunction", "--event", "e.json"]
    bucket = outputs(clients_for(up.state_dir))["ModelsBucketName"]
    assert {variables["MODELS_BUCKET"] for variables in given["functions"].values()} == {bucket}
    assert given["functions"]["RetrainFunction"]["TRAINER_FUNCTION"] == "menagerie-train"
    assert given["status"] == 200
    assert given["functions"]["PredictFunction"]["AWS_ENDPOINT_URL"] != up.wait().endpoint_url


def test_other_sam_commands_get_the_embedded_cloud_as_endpoint(up: Up, project: Path) -> None:
    out, _ = start(up, project, "deploy", "--guided").communicate()
    given = json.loads(out)
    assert given["words"] == ["deploy", "--guided"]
    assert given["environment"]["AWS_ENDPOINT_URL"] == up.wait().endpoint_url
    assert given["environment"]["AWS_ACCESS_KEY_ID"] == "000000000000"
    assert "AWS_SESSION_TOKEN" not in given["environment"]


def test_a_signal_ends_sam_too(up: Up, project: Path) -> None:
    process = start(up, project, "local", "start-api")
    assert process.stdout is not None
    file = Path(json.loads(process.stdout.readline())["words"][3])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LIMIT_SECONDS)
    assert not file.exists()


def test_a_missing_build_or_program_is_reported_in_one_line(up: Up, project: Path) -> None:
    (project / ".aws-sam" / "build" / "template.yaml").unlink()
    _, err = (process := start(up, project, "local", "start-api")).communicate()
    assert process.returncode == 1
    assert err.startswith("menagerie: there is no .aws-sam/build/template.yaml: run `sam build` first")
    (project / "bin" / "sam").unlink()
    _, err = (process := start(up, project, "local", "start-api")).communicate()
    assert process.returncode == 1
    assert err == "menagerie: there is no program called sam in PATH; install the AWS SAM command line\n"
