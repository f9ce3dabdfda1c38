"""Inject each kind of error into each call of S3 and DynamoDB, on moto."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

from benchmarks.faults.outcome import Outcome
from functions.http.app import lambda_handler
from functions.predict.app import create_app as predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as retrain_app
from menagerie.aws.clients import dynamodb_client, s3_client
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.aws.registry import S3ModelRegistry
from tests.fakes import InMemoryMetrics
from tests.samples import DOG, published_model
from tests.unit.functions.gateway import Answer, call

URL = "http://127.0.0.1:1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
BUCKET, PREDICTIONS, JOBS = "models", "predictions", "jobs"
READS = ("get_object", "list_objects_v2", "get_item", "query")
WRITES = ("put_object", "put_item", "update_item", "transact_write_items")
PATIENCE = timedelta(minutes=6)


def _client_error(code: str, status: int) -> Callable[[str], Exception]:
    def error(operation: str) -> Exception:
        response = {"Error": {"Code": code, "Message": "a secret"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return ClientError(response, operation)  # type: ignore[arg-type]  # as botocore creates it

    return error


ERRORS: dict[str, Callable[[str], Exception]] = {
    "throttled": _client_error("ProvisionedThroughputExceededException", 400),
    "server error": _client_error("InternalServerError", 500),
    "access denied": _client_error("AccessDenied", 403),
    "gone": _client_error("ResourceNotFoundException", 400),
    "no connection": lambda _: EndpointConnectionError(endpoint_url=URL),
    "connection closed": lambda _: ConnectionClosedError(endpoint_url=URL),
    "timeout": lambda _: ReadTimeoutError(endpoint_url=URL),
}


class Faulty:
    """A client of which one operation fails, before or after it had its effect."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self._client = client
        self.operation: str | None = None
        self.error: Callable[[str], Exception] = ERRORS["timeout"]
        self.after = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        call: Callable[..., Any] = getattr(self._client, name)

        def fail(**arguments: Any) -> Any:  # noqa: ANN401
            if self.after:
                call(**arguments)
            raise self.error(name)

        return fail if name == self.operation else call


class Functions:
    """Both HTTP functions in one account."""

    def __init__(self, s3: Any, dynamodb: Any) -> None:  # noqa: ANN401
        registry = S3ModelRegistry(s3, BUCKET)
        predictions = DynamoDBPredictionStore(dynamodb, PREDICTIONS)
        feedback = DynamoDBFeedbackStore(dynamodb, PREDICTIONS)
        models = CurrentModel(registry, refresh_seconds=0)
        self.predict = lambda_handler(predict_app(models, registry, predictions, feedback, InMemoryMetrics()))
        jobs = DynamoDBJobStore(dynamodb, JOBS, patience=PATIENCE)
        self.retrain = lambda_handler(retrain_app(jobs, registry, lambda _: None))

    def call_all_routes(self, key: str) -> Iterator[Answer]:
        """Send one request to each route that reads or writes something."""
        animals = {"animals": [DOG.model_dump()]}
        headers = {"content-type": "application/json", "idempotency-key": key}
        yield call(self.predict, "POST", "/predict", json_body=animals, headers=headers)
        yield call(self.predict, "GET", "/predictions")
        yield call(self.predict, "GET", "/models")
        yield call(self.predict, "GET", "/models/current", resource="/models/current")
        yield call(self.predict, "GET", "/health")
        yield call(self.retrain, "POST", "/retrain", json_body={"promote": "never"}, headers=headers)
        yield call(self.retrain, "GET", "/retrain")


def inject_storage_faults() -> Outcome:
    """Make each call fail in each way. The response must be a 503, and a repetition must store once."""
    outcome = Outcome("storage fault, each kind for each call")
    for error in ERRORS:
        for operation in (*READS, *WRITES):
            for after in (False, True) if operation in WRITES else (False,):
                _inject(outcome, operation, error, after=after)
    return outcome


def _inject(outcome: Outcome, operation: str, error: str, *, after: bool) -> None:
    named = f"{operation} {error}{' after it was done' if after else ''}"
    outcome.injected += 1
    with account() as (s3, dynamodb):
        faulty = Faulty(s3), Faulty(dynamodb)
        functions = Functions(*faulty)
        warm = list(functions.call_all_routes("warm"))
        outcome.wrong += any(answer.status >= 300 for answer in warm)
        for each in faulty:
            each.operation, each.error, each.after = operation, ERRORS[error], after
        answers = list(functions.call_all_routes("key"))
        for answer in answers:
            outcome.answered += answer.status < 300
            if answer.status >= 500 and (answer.status != 503 or "retry-after" not in answer.headers):
                outcome.unexplained += 1
                outcome.note(f"{named}: {answer.status} {answer.text}")
            if "a secret" in answer.text or URL in answer.text:
                outcome.wrong += 1
                outcome.note(f"{named}: the answer repeats the error's text")
        for each in faulty:
            each.operation = None
        again = next(functions.call_all_routes("key"))
        if again.status != 200 or (answers[0].status == 200 and again.text != answers[0].text):
            outcome.wrong += 1
            outcome.note(f"{named}: the repetition was answered {again.status} {again.text}")
        stored = json.loads(call(functions.predict, "GET", "/predictions").text)["items"]
        # One from before the fault, one with the key.
        outcome.lost += len(stored) < 2
        outcome.doubled += len(stored) > 2
        if len(stored) != 2:
            outcome.note(f"{named}: {len(stored)} predictions are stored, not 2")


@contextmanager
def account() -> Iterator[tuple[Any, Any]]:
    """Yield clients of S3 and DynamoDB of an account with the bucket, both tables and a current model."""
    with patch.dict(os.environ, CREDENTIALS), mock_aws():
        s3, dynamodb = s3_client(), dynamodb_client()
        s3.create_bucket(Bucket=BUCKET)
        for table in (PREDICTIONS, JOBS):
            dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                BillingMode="PAY_PER_REQUEST",
            )
        registry = S3ModelRegistry(s3, BUCKET)
        manifest, model = published_model()
        registry.publish(manifest, model)
        registry.promote(manifest.version, expected=None)
        yield s3, dynamodb
