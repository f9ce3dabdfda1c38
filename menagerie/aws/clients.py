"""Creates AWS clients with short timeouts, few retries, and addresses that emulators support too.

They are clients of botocore, on which boto3 is built: the rest of boto3, parallel uploads and resource objects, is not
used here and would add 25 ms to a cold start.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

# API Gateway ends a request after 29 s. The longest request makes two calls, each of two attempts with 2 s to connect
# and 5 s to read, which is less. Path-style addresses need no DNS name for each bucket.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
    s3={"addressing_style": "path"},
)


class EventBridgeClient(Protocol):
    """The methods of botocore's EventBridge client that this application uses."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # botocore's name
        """Publish up to ten events."""
        ...


class CloudWatchClient(Protocol):
    """The methods of botocore's CloudWatch client that this application uses."""

    def get_metric_data(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401  # the parameters of AWS's API
        """Return the data points of several metrics."""
        ...


def s3_client() -> "S3Client":
    """Return a client of S3. botocore itself reads region, credentials and AWS_ENDPOINT_URL from the environment."""
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


def _client(service: str) -> Any:  # noqa: ANN401  # the callers declare the type
    return _session().create_client(service, config=_CONFIG)
