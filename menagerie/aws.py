"""Where boto3 clients are made: short timeouts, few retries, and addresses that emulators understand too."""

from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

# API Gateway gives up after 29 s. Two attempts of two seconds to connect and five to read, for the two calls that the
# longest request makes, end before that. Path-style addresses need no DNS name for each bucket.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
    s3={"addressing_style": "path"},
)


class EventBridgeClient(Protocol):
    """The part of boto3's client of EventBridge that is used here."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        """Publish up to ten events."""
        ...


class CloudWatchClient(Protocol):
    """The part of boto3's client of CloudWatch that is used here."""

    def get_metric_data(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401  # a request in AWS's own words
        """Return the points of some metrics."""
        ...


def s3_client() -> "S3Client":
    """Return a client of S3; boto3 reads region, credentials and AWS_ENDPOINT_URL by itself."""
    return boto3.client("s3", config=_CONFIG)


def dynamodb_client() -> "DynamoDBClient":
    """Return a client of DynamoDB."""
    return boto3.client("dynamodb", config=_CONFIG)


def lambda_client() -> "LambdaClient":
    """Return a client of Lambda."""
    return boto3.client("lambda", config=_CONFIG)


def events_client() -> EventBridgeClient:
    """Return a client of EventBridge."""
    client: EventBridgeClient = boto3.client("events", config=_CONFIG)
    return client


def cloudwatch_client() -> CloudWatchClient:
    """Return a client of CloudWatch."""
    client: CloudWatchClient = boto3.client("cloudwatch", config=_CONFIG)
    return client
