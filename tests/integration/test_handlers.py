"""The handlers as Lambda imports them, on moto's S3 and DynamoDB: from the event to the table and back."""

import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client

from data_service.app import create_app as create_data_service
from menagerie.animal import CLASSES
from menagerie.aws.registry import S3ModelRegistry
from menagerie.errors import Unreadable
from tests.integration.aws_calls import count_calls
from tests.integration.conftest import BUCKET, JOBS, PREDICTIONS
from tests.metric_filter import failed_trainings
from tests.samples import ANIMALS, DOG, published_model
from tests.unit.functions.conftest import assert_problem
from tests.unit.functions.gateway import Answer, Context, call

ColdStart = Callable[[str], ModuleType]
GOOD = {"animals": [DOG.model_dump()]}
ONE_PREDICTION = "/predictions/{prediction_id}"
ONE_JOB = "/retrain/{job_id}"


class FakeLambda(ThreadingHTTPServer):
    """Answers Lambda's Invoke as AWS does for an asynchronous invocation, and records the invocations."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Invoke)
        self.invocations: list[tuple[str, str, bytes]] = []


class _Invoke(BaseHTTPRequestHandler):
    server: FakeLambda

    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers["content-length"]))
        self.server.invocations.append((self.path, self.headers["x-amz-invocation-type"], payload))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def lambda_service() -> Iterator[FakeLambda]:
    with FakeLambda() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def data_service() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_data_service(), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def cold_start(
    s3: S3Client,
    dynamodb: DynamoDBClient,
    lambda_service: FakeLambda,
    data_service: str,
    monkeypatch: pytest.MonkeyPatch,
) -> ColdStart:
    """Import a handler module again, as a cold start does."""
    assert s3.list_buckets()["Buckets"]
    assert dynamodb.list_tables()["TableNames"]
    environment = {
        "MODELS_BUCKET": BUCKET,
        "PREDICTIONS_TABLE": PREDICTIONS,
        "JOBS_TABLE": JOBS,
        "TRAINER_FUNCTION": "train",
        "DATA_SERVICE_URL": data_service,
        "EVENT_BUS": "default",
        "MODEL_REFRESH_SECONDS": "0",
        "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{lambda_service.server_port}",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def start(name: str) -> ModuleType:
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return start


@pytest.fixture
def registry(s3: S3Client) -> S3ModelRegistry:
    registry = S3ModelRegistry(s3, BUCKET)
    manifest, model = published_model()
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)
    return registry


def send(module: ModuleType, method: str, target: str, **how: Any) -> Answer:
    return call(module.handler, method, target, **how)


def test_a_prediction_is_stored_then_listed(cold_start: ColdStart, registry: S3ModelRegistry) -> None:
    predict = cold_start("functions.predict.handler")
    answer = send(predict, "POST", "/predict", json_body={"animals": [each.model_dump() for each in ANIMALS]}).json()
    assert [each["species"] for each in answer["predictions"]] == list(CLASSES)
    listed = send(predict, "GET", "/predictions").json()["items"]
    assert [each["id"] for each in listed] == [each["id"] for each in answer["predictions"]]
    for item, animal in zip(listed, ANIMALS, strict=True):
        assert item["animal"] == animal.model_dump()
        assert send(predict, "GET", f"/predictions/{item['id']}", resource=ONE_PREDICTION).json() == item
    pointer = registry.current()
    assert pointer is not None
    assert send(predict, "GET", "/models").json()["current"] == pointer.version


@pytest.mark.parametrize("animals", [1, 100, 1000])
@pytest.mark.usefixtures("registry")
def test_a_warm_prediction_makes_one_write_to_aws(
    cold_start: ColdStart, monkeypatch: pytest.MonkeyPatch, animals: int
) -> None:
    monkeypatch.delenv("MODEL_REFRESH_SECONDS", raising=False)
    predict = cold_start("functions.predict.handler")
    send(predict, "POST", "/predict", json_body=GOOD)
    written = count_calls(predict.dynamodb)
    read = count_calls(predict.s3)
    answer = send(predict, "POST", "/predict", json_body={"animals": [DOG.model_dump()] * animals})
    assert len(answer.json()["predictions"]) == animals
    assert written == ["PutItem"]
    assert read == []


@pytest.mark.usefixtures("registry")
def test_a_cold_start_loads_the_model(cold_start: ColdStart) -> None:
    predict = cold_start("functions.predict.handler")
    assert predict.models.loaded_version == published_model()[0].version


def test_a_function_that_started_without_a_model_loads_the_first(cold_start: ColdStart, s3: S3Client) -> None:
    predict = cold_start("functions.predict.handler")
    assert_problem(send(predict, "POST", "/predict", json_body=GOOD), 503)
    registry = S3ModelRegistry(s3, BUCKET)
    manifest, model = published_model()
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)
    assert send(predict, "POST", "/predict", json_body=GOOD).json()["model_version"] == manifest.version


@pytest.mark.usefixtures("registry")
def test_a_missing_table_is_a_503(cold_start: ColdStart, dynamodb: DynamoDBClient) -> None:
    predict = cold_start("functions.predict.handler")
    retrain = cold_start("functions.retrain.handler")
    for table in (PREDICTIONS, JOBS):
        dynamodb.delete_table(TableName=table)
    try:
        for function, method, target, resource in (
            (predict, "POST", "/predict", None),
            (predict, "GET", "/predictions", None),
            (predict, "GET", "/predictions/01KG9YS7G0D4HAWTBSEDNRP5HY-0", ONE_PREDICTION),
            (retrain, "POST", "/retrain", None),
            (retrain, "GET", "/retrain", None),
            (retrain, "GET", "/retrain/01KG9YS7G0D4HAWTBSEDNRP5HY", ONE_JOB),
        ):
            body = GOOD if target == "/predict" else None
            answer = send(function, method, target, resource=resource, json_body=body)
            assert_problem(answer, 503)
            assert "ResourceNotFound" not in answer.text
            assert "retry-after" in answer.headers
    finally:
        for table in (PREDICTIONS, JOBS):
            _create(dynamodb, table)


def _create(dynamodb: DynamoDBClient, table: str) -> None:
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.mark.usefixtures("registry")
def test_predictions_work_without_the_bucket(cold_start: ColdStart, s3: S3Client) -> None:
    predict = cold_start("functions.predict.handler")
    retrain = cold_start("functions.retrain.handler")
    for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    s3.delete_bucket(Bucket=BUCKET)
    promotion = {"version": published_model()[0].version}
    try:
        assert send(predict, "POST", "/predict", json_body=GOOD).status == 200
        assert_problem(send(predict, "GET", "/models"), 503)
        assert_problem(send(retrain, "PUT", "/models/current", json_body=promotion), 503)
    finally:
        s3.create_bucket(Bucket=BUCKET)


def test_a_job_trains_a_model_that_then_serves(
    cold_start: ColdStart, registry: S3ModelRegistry, lambda_service: FakeLambda
) -> None:
    predict, retrain, worker = (
        cold_start(f"functions.{name}") for name in ("predict.handler", "retrain.handler", "train.handler")
    )
    before = send(predict, "POST", "/predict", json_body=GOOD).json()["model_version"]
    request = {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 500}, "promote": "always"}
    accepted = send(retrain, "POST", "/retrain", json_body=request)
    assert accepted.status == 202
    job_id = accepted.json()["job_id"]
    ((path, kind, payload),) = lambda_service.invocations
    assert path.endswith("/functions/train/invocations")
    assert kind == "Event"
    assert json.loads(payload) == {"job_id": job_id}
    assert job_id in assert_problem(send(retrain, "POST", "/retrain", json_body=request), 409)["detail"]

    assert worker.handler(json.loads(payload), Context()) == {"job_id": job_id, "status": "succeeded"}
    assert worker.handler(json.loads(payload), Context()) == {"job_id": job_id, "status": "not run"}

    job = send(retrain, "GET", f"/retrain/{job_id}", resource=ONE_JOB).json()
    assert (job["status"], job["progress"], job["promoted"]) == ("succeeded", 1, True)
    assert job["metrics"]["accuracy"] > 0.9
    pointer = registry.current()
    assert pointer is not None
    assert pointer.version == job["model_version"] != before
    answer = send(predict, "POST", "/predict", json_body={"animals": [each.model_dump() for each in ANIMALS]}).json()
    assert answer["model_version"] == job["model_version"]
    assert [each["species"] for each in answer["predictions"]] == list(CLASSES)

    assert send(retrain, "PUT", "/models/current", json_body={"version": before}).status == 200
    assert send(predict, "POST", "/predict", json_body=GOOD).json()["model_version"] == before


@pytest.mark.slow  # its waits between attempts are real
def test_an_unavailable_data_service_fails_the_job(
    cold_start: ColdStart,
    registry: S3ModelRegistry,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATA_SERVICE_URL", "http://127.0.0.1:9")
    before = registry.current()
    retrain, worker = cold_start("functions.retrain.handler"), cold_start("functions.train.handler")
    job_id = send(retrain, "POST", "/retrain").json()["job_id"]
    capsys.readouterr()
    assert worker.handler({"job_id": job_id}, Context())["status"] == "failed"
    line = json.loads(capsys.readouterr().out)
    job = send(retrain, "GET", f"/retrain/{job_id}", resource=ONE_JOB).json()
    assert job["status"] == line["status"] == "failed"
    assert failed_trainings().items() <= line.items()
    assert "127.0.0.1:9" in job["error"]
    assert registry.current() == before


def test_a_refused_invocation_fails_the_job(cold_start: ColdStart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9")
    retrain = cold_start("functions.retrain.handler")
    assert_problem(send(retrain, "POST", "/retrain"), 503)
    (job,) = send(retrain, "GET", "/retrain").json()["items"]
    assert (job["status"], job["error"]) == ("failed", "the worker could not be started")


def test_a_job_that_cannot_be_read_is_logged_with_its_traceback(
    cold_start: ColdStart, dynamodb: DynamoDBClient, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = cold_start("functions.train.handler")
    item = {"pk": {"S": "job"}, "sk": {"S": "broken"}, "status": {"S": "queued"}, "expires": {"N": "99999999999"}}
    dynamodb.put_item(TableName=JOBS, Item=item)
    with pytest.raises(Unreadable):
        worker.handler({"job_id": "broken"}, Context())
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["job_id"], line["exception_name"]) == ("ERROR", "broken", "Unreadable")


def test_the_metric_filter_matches_the_log_line_of_a_failed_job_alone(
    cold_start: ColdStart, registry: S3ModelRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    retrain, worker = cold_start("functions.retrain.handler"), cold_start("functions.train.handler")
    assert registry.current() is not None
    matched = {}
    for source in ({"kind": "dataset", "key": "datasets/missing.csv"}, {"kind": "data-service"}):
        job_id = send(retrain, "POST", "/retrain", json_body={"source": source, "promote": "never"}).json()["job_id"]
        capsys.readouterr()
        status = worker.handler({"job_id": job_id}, Context())["status"]
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        matched[status] = [line["message"] for line in lines if failed_trainings().items() <= line.items()]
    assert matched == {"failed": ["job ended"], "succeeded": []}
