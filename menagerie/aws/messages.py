"""Messages about training jobs: a Lambda invocation starts the worker, an EventBridge event reports the end."""

from typing import TYPE_CHECKING

from pydantic_core import to_json

from menagerie.aws.errors import aws_errors
from menagerie.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from menagerie.aws.clients import EventBridgeClient
    from menagerie.job import Job

SOURCE = "menagerie"
"""The `source` of the events."""


class LambdaWorker:
    """Starts the training function."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def start(self, job_id: str) -> None:
        """Invoke the function asynchronously for a job; raise Unavailable if the invocation is not accepted."""
        with aws_errors("the training function"):
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=to_json({"job_id": job_id})
            )


class JobEvents:
    """Publishes events on one event bus."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def ended(self, job: "Job") -> None:
        """Publish a finished job as `Retraining succeeded` or `Retraining failed`; raise Unavailable.

        The detail of the event is the job's document.
        """
        with aws_errors("the event bus"):
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": SOURCE,
                        "DetailType": f"Retraining {job.status}",
                        "Detail": job.model_dump_json(),
                    }
                ]
            )
        if answer["FailedEntryCount"]:
            raise Unavailable(f"the event bus refused: {answer['Entries'][0].get('ErrorCode')}")
