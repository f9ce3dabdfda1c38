"""Idempotency keys on DynamoDB: written by the same transaction as what they stand for, so there is no time between.

| pk        | sk  | what                                                                                        |
|-----------|-----|---------------------------------------------------------------------------------------------|
| key#<key> | key | `digest` of the request, `answer` that leads back to it, `forget_at` seconds (time to live) |
"""

from typing import TYPE_CHECKING

from menagerie.aws_errors import aws_errors
from menagerie.codec import to_attribute
from menagerie.idempotency import KEPT, IdempotencyKey, KeyReused

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef


class DynamoDBKeys:
    """The keys of one table."""

    def __init__(self, client: "DynamoDBClient", table: str, service: str) -> None:
        """Take a client, the table's name, and what errors call it."""
        self._client = client
        self._table = table
        self._service = service

    def find(self, key: IdempotencyKey, now: "datetime") -> str | None:
        """Return the answer that was given under a key, or None; raise KeyReused if the request was another one."""
        with aws_errors(self._service):
            item = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True).get("Item")
        # DynamoDB takes its time to delete what has expired.
        if item is None or float(item["forget_at"]["N"]) <= now.timestamp():
            return None
        if item["digest"]["S"] != key.digest:
            raise KeyReused
        return item["answer"]["S"]

    def put(self, key: IdempotencyKey, answer: str, now: "datetime") -> "TransactWriteItemTypeDef":
        """Return the part of a transaction that keeps an answer, and fails if the key has one already."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_key(key),
                    "digest": {"S": key.digest},
                    "answer": {"S": answer},
                    "forget_at": to_attribute(int((now + KEPT).timestamp())),
                },
                "ConditionExpression": "attribute_not_exists(pk) OR forget_at <= :now",
                "ExpressionAttributeValues": {":now": to_attribute(now.timestamp())},
            }
        }

    def forget(self, key: IdempotencyKey) -> None:
        """Let a key be used anew, since what it stood for did not come about."""
        with aws_errors(self._service):
            self._client.delete_item(TableName=self._table, Key=_key(key))


def _key(key: IdempotencyKey) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": f"key#{key.key}"}, "sk": {"S": "key"}}
