"""S3 and DynamoDB of moto, with the bucket and the tables of template.yaml, empty for every test."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client

from menagerie.aws.clients import dynamodb_client, s3_client

BUCKET = "models"
PREDICTIONS = "predictions"
JOBS = "jobs"


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
