"""How a job looks in DynamoDB: one attribute a field, and its deadline once more as seconds, for conditions."""

from typing import TYPE_CHECKING

from menagerie.codec import from_attribute, to_attribute
from menagerie.job import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, "AttributeValueTypeDef"]

PARTITION: "AttributeValueTypeDef" = {"S": "job"}


def key_of(job_id: str) -> "Item":
    """Return the key of a job's item."""
    return {"pk": PARTITION, "sk": {"S": job_id}}


def to_item(job: Job) -> "Item":
    """Encode a job as an item of the jobs table."""
    fields = {name: to_attribute(value) for name, value in job.model_dump(mode="json").items()}
    return {**key_of(job.job_id), **fields, "expires": to_attribute(job.deadline.timestamp())}


def from_item(item: "Item") -> Job:
    """Decode an item that `to_item` wrote."""
    return Job.model_validate({name: from_attribute(item[name]) for name in Job.model_fields if name in item})
