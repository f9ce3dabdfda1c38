"""S3 and DynamoDB of moto, empty for every test, and the stores of the contract tests: each fake and each adapter."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client

from menagerie.aws.clients import dynamodb_client, s3_client
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.ports.feedback import FeedbackStore
from menagerie.ports.jobs import JobStore
from menagerie.ports.predictions import PredictionStore
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryPredictions, ManualClock
from tests.samples import NOON

BUCKET = "models"
PREDICTIONS = "predictions"
JOBS = "jobs"
PATIENCE = timedelta(minutes=6)


@dataclass(frozen=True)
class Clients:
    """Creating a client takes longer than any test here, so each module creates them once."""

    s3: S3Client
    dynamodb: DynamoDBClient


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        environment.delenv("AWS_PROFILE", raising=False)
        with mock_aws():
            yield Clients(s3_client(), dynamodb_client())


@pytest.fixture
def s3(clients: Clients) -> Iterator[S3Client]:
    clients.s3.create_bucket(Bucket=BUCKET)
    yield clients.s3
    for entry in clients.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        clients.s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    clients.s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def dynamodb(clients: Clients) -> Iterator[DynamoDBClient]:
    for table in (PREDICTIONS, JOBS):
        clients.dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    yield clients.dynamodb
    for table in (PREDICTIONS, JOBS):
        clients.dynamodb.delete_table(TableName=table)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture(params=["in memory", "DynamoDB"])
def implementation(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def predictions(implementation: str, clock: ManualClock, request: pytest.FixtureRequest) -> PredictionStore:
    if implementation == "in memory":
        return InMemoryPredictions(now=clock)
    return DynamoDBPredictionStore(request.getfixturevalue("dynamodb"), PREDICTIONS, now=clock)


@pytest.fixture
def feedback(predictions: PredictionStore, request: pytest.FixtureRequest) -> FeedbackStore:
    if isinstance(predictions, InMemoryPredictions):
        return InMemoryFeedback(predictions)
    return DynamoDBFeedbackStore(request.getfixturevalue("dynamodb"), PREDICTIONS)


@pytest.fixture
def jobs(implementation: str, clock: ManualClock, request: pytest.FixtureRequest) -> JobStore:
    if implementation == "in memory":
        return InMemoryJobs(patience=PATIENCE, now=clock)
    return DynamoDBJobStore(request.getfixturevalue("dynamodb"), JOBS, patience=PATIENCE, now=clock)
