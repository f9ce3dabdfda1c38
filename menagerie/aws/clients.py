"""Where AWS clients are made: short timeouts, few retries, and addresses that emulators understand too.

By botocore, which boto3 is made of: the rest of boto3 is parallel uploads and objects around resources, which nothing
here uses and which take 25 ms of a cold start.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import botocore.session
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
    """The part of botocore's client of EventBridge that is used here."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # botocore's name
        """Publish up to ten events."""
        ...


class CloudWatchClient(Protocol):
    """The part of botocore's client of CloudWatch that is used here."""

    def get_metric_data(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401  # a request in AWS's own words
        """Return the points of some metrics."""
        ...


def s3_client() -> "S3Client":
    """Return a client of S3; botocore reads region, credentials and AWS_ENDPOINT_URL by itself."""
    client: S3Client = _client("s3")
    return client


def dynamodb_client() -> "DynamoDBClient":
    """Return a client of DynamoDB."""
    client: DynamoDBClient = _client("dynamodb")
    return client


def lambda_client() -> "LambdaClient":
    """Return a client of Lambda."""
    client: LambdaClient = _client("lambda")
    return client


def events_client() -> EventBridgeClient:
    """Return a client of EventBridge."""
    client: EventBridgeClient = _client("events")
    return client


def cloudwatch_client() -> CloudWatchClient:
    """Return a client of CloudWatch."""
    client: CloudWatchClient = _client("cloudwatch")
    return client


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str) -> Any:  # noqa: ANN401  # each function above says which
    return _session().create_client(service, config=_CONFIG)
