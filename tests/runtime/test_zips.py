"""Each zip is complete: Lambda's own runtime client runs it in an interpreter that sees nothing else."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.resources import EVENTS
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.aws.registry import S3ModelRegistry
from tests.runtime.conftest import NAMES, Code, World
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
def job(world: World) -> Event:
    """The first training job: asked for at one door, done behind the other."""
    accepted = world.functions["RetrainFunction"].invoke(event("retrain"))
    assert accepted["statusCode"] == 202, accepted
    queued = body(accepted)
    assert world.invocations.accepted == [(NAMES["TrainFunction"], {"job_id": queued["job_id"]})]
    (_, payload) = world.invocations.accepted[0]
    assert world.functions["TrainFunction"].invoke(payload) == {"job_id": queued["job_id"], "status": "succeeded"}
    return queued


def test_a_job_that_was_asked_for_makes_the_first_model(world: World, job: Event) -> None:
    (listed,) = body(world.functions["RetrainFunction"].invoke(event("jobs")))["items"]
    assert (listed["job_id"], listed["status"], listed["promoted"]) == (job["job_id"], "succeeded", True)
    registry = S3ModelRegistry(world.clients.s3, NAMES["ModelsBucket"])
    current = registry.current()
    assert current is not None
    assert current.version == listed["model_version"]
    assert registry.manifest(current.version).metrics.accuracy > 0.99


def test_a_job_that_is_delivered_again_runs_once(world: World, job: Event) -> None:
    again = world.functions["TrainFunction"].invoke({"job_id": job["job_id"]})
    assert again == {"job_id": job["job_id"], "status": "not run"}


@pytest.mark.usefixtures("job")
def test_predictions_are_right_and_stored(world: World) -> None:
    answer = world.functions["PredictFunction"].invoke(event("predict"))
    assert answer["statusCode"] == 200, answer
    predictions = body(answer)["predictions"]
    assert [each["species"] for each in predictions] == ["elephant", "chicken"]
    dynamodb = world.clients.session.client("dynamodb", endpoint_url=world.clients.endpoint_url)
    stored = DynamoDBPredictionStore(dynamodb, NAMES["PredictionsTable"]).get(predictions[0]["id"])
    assert stored.species == "elephant"
    assert stored.animal.weight == 4200
    listed = body(world.functions["PredictFunction"].invoke(event("predictions")))["items"]
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
def test_the_sample_events_are_answered(world: World, name: str, status: int, holds: Callable[[Event], object]) -> None:
    answer = world.functions["PredictFunction"].invoke(event(name))
    assert answer["statusCode"] == status, answer
    assert holds(body(answer))


@pytest.mark.usefixtures("job")
def test_the_end_of_a_job_is_an_event_that_the_other_function_takes(world: World) -> None:
    ended = {"source": "menagerie", "detail-type": "Retraining succeeded", "detail": {}}
    assert world.functions["RetrainFunction"].invoke(ended) == {"done": "nothing", "reason": "nothing waits"}


@pytest.mark.usefixtures("job")
def test_cold_starts_are_measured(world: World, code: Code, record_property: Callable[[str, object], None]) -> None:
    world.functions["PredictFunction"].invoke(event("health"))
    for name, function in world.functions.items():
        assert function.cold_seconds is not None
        record_property(
            "measured",
            f"cold start of {name} on Python {code.target.python_version}, under Lambda's runtime client and emulator, "
            f"first answer included: {function.cold_seconds:.2f} s",
        )


@pytest.mark.usefixtures("job")
def test_no_function_leaves_anything_at_home_such_as_telemetry(world: World) -> None:
    world.functions["PredictFunction"].invoke(event("predict"))
    assert [each for function in world.functions.values() for each in function.home.rglob("*")] == []


@pytest.mark.parametrize("part", ["predict", "train"])
@pytest.mark.parametrize(("module", "silent"), [("menagerie.classifier", True), ("onnxruntime", False)])
def test_onnxruntime_is_told_to_be_silent_by_the_code_itself(
    code: Code, tmp_path: Path, part: str, module: str, silent: bool
) -> None:
    # Neither CI, where onnxruntime is silent by itself, nor the template's variable is set here. The second module
    # shows that its telemetry would have been seen.
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PYTHONPATH": str(code.folder / part)}
    command = [code.python, "-S", "-s", "-P", "-B", "-c", f"import {module}"]
    subprocess.run(command, env=environment, check=True, timeout=LIMIT_SECONDS)
    assert ([*home.rglob("*")] == []) is silent
