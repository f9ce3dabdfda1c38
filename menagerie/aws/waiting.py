"""Requests that wait until no job runs, on DynamoDB: one partition of the jobs table, one item a request."""

import hashlib
from typing import TYPE_CHECKING

from menagerie.aws.errors import aws_errors
from menagerie.errors import Unreadable
from menagerie.job import TrainingRequest
from menagerie.skipped import Skipped, log_skipped

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SERVICE = "the jobs table"
_WAITING: "AttributeValueTypeDef" = {"S": "waiting"}


class DynamoDBWaitingRequests:
    """The part of `JobStore` that keeps what cannot start yet."""

    def __init__(self, client: "DynamoDBClient", table: str, skipped: Skipped = log_skipped) -> None:
        self._client = client
        self._table = table
        self._skipped = skipped

    def put_off(self, request: TrainingRequest) -> None:
        """Keep a request until no job runs; the same request waits once."""
        with aws_errors(_SERVICE):
            self._client.put_item(
                TableName=self._table, Item={**_key(request), "request": {"S": request.model_dump_json()}}
            )

    def waiting(self) -> list[TrainingRequest]:
        """Return what was put off."""
        with aws_errors(_SERVICE):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :waiting",
                ExpressionAttributeValues={":waiting": _WAITING},
                ConsistentRead=True,
            )
        requests = []
        for item in answer["Items"]:
            try:
                requests.append(TrainingRequest.model_validate_json(item["request"]["S"]))
            except (KeyError, ValueError) as error:
                self._skipped(Unreadable(f"waiting/{item['sk'].get('S')}", error))
        return requests

    def put_off_no_more(self, request: TrainingRequest) -> None:
        """Let go of a request that was put off."""
        with aws_errors(_SERVICE):
            self._client.delete_item(TableName=self._table, Key=_key(request))


def _key(request: TrainingRequest) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": _WAITING, "sk": {"S": hashlib.sha256(request.model_dump_json().encode()).hexdigest()}}
