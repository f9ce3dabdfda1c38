"""Tells the event bus how a job ended, for whoever wants to know: EventBridge, source `menagerie`."""

from typing import TYPE_CHECKING

from menagerie.aws.errors import aws_errors
from menagerie.errors import Unavailable

if TYPE_CHECKING:
    from menagerie.aws.clients import EventBridgeClient
    from menagerie.job import Job

SOURCE = "menagerie"


class JobEvents:
    """Publishes on one bus."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def ended(self, job: "Job") -> None:
        """Publish a finished job, its document as detail, as `Retraining succeeded` or `failed`; raise Unavailable."""
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
