"""Each zip is complete: Lambda's runtime client runs it in an interpreter without other packages."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.resources import EVENTS
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.aws.registry import S3ModelRegistry
from tests.runtime.conftest import NAMES, Application, Code
from tests.waiting import LIMIT_SECONDS

pytestmark = pytest.mark.slow

Event = dict[str, Any]


def event(name: str) -> Event:
    document: Event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def body(answer: Event) -> Event:
    document: Event = json.loads(answer["body"])
    return document


@pytest.fixture(scope="session")
def job(application: Application) -> Event:
    """The first training job, queued by the retrain function and run by the train function."""
    accepted = application.functions["RetrainFunction"].invoke(event("retrain"))
    assert accepted["statusCode"] == 202, accepted
    queued = body(accepted)
    assert application.invocations.accepted == [(NAMES["TrainFunction"], {"job_id": queued["job_id"]})]
    (_, payload) = application.invocations.accepted[0]
    assert application.functions["TrainFunction"].invoke(payload) == {"job_id": queued["job_id"], "status": "succeeded"}
    return queued


def test_the_first_job_publishes_and_promotes_a_model(application: Application, job: Event) -> None:
    (listed,) = body(application.functions["RetrainFunction"].invoke(event("jobs")))["items"]
    assert (listed["job_id"], listed["status"], listed["promoted"]) == (job["job_id"], "succeeded", True)
    registry = S3ModelRegistry(application.clients.s3, NAMES["ModelsBucket"])
    current = registry.current()
    assert current is not None
    assert current.version == listed["model_version"]
    assert registry.manifest(current.version).metrics.accuracy > 0.99


def test_a_job_that_is_delivered_again_runs_once(application: Application, job: Event) -> None:
    again = application.functions["TrainFunction"].invoke({"job_id": job["job_id"]})
    assert again == {"job_id": job["job_id"], "status": "not run"}


@pytest.mark.usefixtures("job")
def test_predictions_are_correct_and_stored(application: Application) -> None:
    answer = application.functions["PredictFunction"].invoke(event("predict"))
    assert answer["statusCode"] == 200, answer
    predictions = body(answer)["predictions"]
    assert [each["species"] for each in predictions] == ["elephant", "chicken"]
    dynamodb = application.clients.session.client("dynamodb", endpoint_url=application.clients.endpoint_url)
    stored = DynamoDBPredictionStore(dynamodb, NAMES["PredictionsTable"]).get(predictions[0]["id"])
    assert stored.species == "elephant"
    assert stored.animal.weight == 4200
    listed = body(application.functions["PredictFunction"].invoke(event("predictions")))["items"]
    assert {each["id"] for each in predictions} <= {each["id"] for each in listed}


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(
    ("name", "status", "holds"),
    [
        ("health", 200, lambda answer: answer["status"] == "ok"),
        ("models", 200, lambda answer: [item["version"] for item in answer["items"]] == [answer["current"]]),
        ("predict-invalid", 422, lambda answer: answer["errors"]),
    ],
)
def test_the_sample_events_get_their_responses(
    application: Application, name: str, status: int, holds: Callable[[Event], object]
) -> None:
    answer = application.functions["PredictFunction"].invoke(event(name))
    assert answer["statusCode"] == status, answer
    assert holds(body(answer))


@pytest.mark.usefixtures("job")
def test_the_retrain_function_handles_the_event_of_a_jobs_end(application: Application) -> None:
    ended = {"source": "menagerie", "detail-type": "Retraining succeeded", "detail": {}}
    assert application.functions["RetrainFunction"].invoke(ended) == {
        "done": "nothing",
        "reason": "no request is deferred",
    }


@pytest.mark.usefixtures("job")
def test_cold_starts_are_measured(
    application: Application, code: Code, record_property: Callable[[str, object], None]
) -> None:
    application.functions["PredictFunction"].invoke(event("health"))
    for name, function in application.functions.items():
        assert function.cold_seconds is not None
        record_property(
            "measured",
            f"cold start of {name} on Python {code.target.python_version}, under Lambda's runtime client and emulator, "
            f"including the first response: {function.cold_seconds:.2f} s",
        )


@pytest.mark.usefixtures("job")
def test_no_function_writes_to_its_home_folder(application: Application) -> None:
    application.functions["PredictFunction"].invoke(event("predict"))
    assert [each for function in application.functions.values() for each in function.home.rglob("*")] == []


@pytest.mark.parametrize("part", ["predict", "train"])
@pytest.mark.parametrize(("module", "silent"), [("menagerie.classifier", True), ("onnxruntime", False)])
def test_the_code_itself_disables_the_telemetry_of_onnxruntime(
    code: Code, tmp_path: Path, part: str, module: str, silent: bool
) -> None:
    # The variables CI and ORT_DISABLE_TELEMETRY, which disable it too, are not set here. Importing onnxruntime alone
    # shows that its telemetry writes files.
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PYTHONPATH": str(code.folder / part)}
    command = [code.python, "-S", "-s", "-P", "-B", "-c", f"import {module}"]
    subprocess.run(command, env=environment, check=True, timeout=LIMIT_SECONDS)
    assert ([*home.rglob("*")] == []) is silent
