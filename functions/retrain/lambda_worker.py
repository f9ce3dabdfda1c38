"""The worker of a job as another Lambda function."""

from typing import TYPE_CHECKING

from pydantic_core import to_json

from menagerie.aws.errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaWorker:
    """Starts the training function by an asynchronous invocation."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def start(self, job_id: str) -> None:
        """Hand a job over; raise Unavailable if the invocation is not accepted."""
        with aws_errors("the training function"):
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=to_json({"job_id": job_id})
            )
