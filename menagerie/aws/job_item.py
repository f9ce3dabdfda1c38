"""How a job looks in DynamoDB: one attribute a field, and when it expires as seconds, for conditions."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from menagerie.aws.codec import from_attribute, to_attribute
from menagerie.errors import Unreadable
from menagerie.job import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, "AttributeValueTypeDef"]

PARTITION: "AttributeValueTypeDef" = {"S": "job"}


def key_of(job_id: str) -> "Item":
    """Return the key of a job's item."""
    return {"pk": PARTITION, "sk": {"S": job_id}}


def to_item(job: Job) -> "Item":
    """Encode a queued job as an item of the jobs table; it expires at its deadline."""
    fields = {name: to_attribute(value) for name, value in job.model_dump(mode="json").items()}
    return {**key_of(job.job_id), **fields, "expires": to_attribute(job.deadline.timestamp())}


def from_item(item: "Item") -> tuple[Job, datetime]:
    """Decode an item that `to_item` wrote to a job and the moment when it expires; raise Unreadable."""
    key = f"job/{item['sk'].get('S')}"
    try:
        job = Job.model_validate({name: from_attribute(item[name]) for name in Job.model_fields if name in item})
        if job.job_id != item["sk"].get("S"):
            raise ValueError(f"the item names job {job.job_id!r}")
        return job, datetime.fromtimestamp(float(item["expires"]["N"]), UTC)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise Unreadable(key, error) from error
