"""The AWS clients that the command line uses, for AWS itself or for an emulator."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

# A function may take its full time to answer an invocation.
_CONFIG = Config(connect_timeout=5, read_timeout=910, retries={"mode": "standard", "total_max_attempts": 3})


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes clients of one session; without an endpoint boto3 decides, as AWS_ENDPOINT_URL or the profile says."""

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
    def sts(self) -> "STSClient":
        """STS."""
        return self.session.client("sts", endpoint_url=self.endpoint_url, config=_CONFIG)
