"""AWS clients of the command line, for AWS or for an emulator."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

# A function may use its full timeout of 15 minutes.
_CONFIG = Config(connect_timeout=5, read_timeout=910, retries={"mode": "standard", "total_max_attempts": 3})

# A poll is repeated soon, so one that hangs is given up early.
_CONFIG_OF_POLLS = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1})


def isolated_session(access_key: str, secret_key: str, region: str) -> boto3.Session:
    """Return a session without proxy that ignores AWS environment variables, profiles and configuration files."""
    variables = botocore.session.Session.SESSION_VARIABLES
    session = botocore.session.Session(
        session_vars={
            **{name: (key, None, default, cast) for name, (key, _, default, cast) in variables.items()},
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    session.set_default_client_config(Config(proxies={}))
    return boto3.Session(access_key, secret_key, region_name=region, botocore_session=session)


@dataclass(frozen=True, slots=True)
class Clients:
    """Creates clients of one session. Without an endpoint, boto3 uses AWS_ENDPOINT_URL or the profile."""

    session: boto3.Session
    endpoint_url: str | None = None

    @property
    def apigateway(self) -> "APIGatewayClient":
        """API Gateway."""
        return self.session.client("apigateway", endpoint_url=self.endpoint_url, config=_CONFIG)

    @property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation."""
        return self.session.client("cloudformation", endpoint_url=self.endpoint_url, config=_CONFIG)

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        return self.session.client("dynamodb", endpoint_url=self.endpoint_url, config=_CONFIG)

    @property
    def functions(self) -> "LambdaClient":
        """Lambda."""
        return self.session.client("lambda", endpoint_url=self.endpoint_url, config=_CONFIG)

    @property
    def logs(self) -> "CloudWatchLogsClient":
        """CloudWatch Logs."""
        return self.session.client("logs", endpoint_url=self.endpoint_url, config=_CONFIG)

    @property
    def s3(self) -> "S3Client":
        """S3."""
        return self.session.client("s3", endpoint_url=self.endpoint_url, config=_CONFIG)

    @property
    def streams(self) -> Any:  # noqa: ANN401  # stubs of it would be one more locked dependency
        """DynamoDB Streams."""
        return self.session.client("dynamodbstreams", endpoint_url=self.endpoint_url, config=_CONFIG_OF_POLLS)

    @property
    def sts(self) -> "STSClient":
        """STS."""
        return self.session.client("sts", endpoint_url=self.endpoint_url, config=_CONFIG)
