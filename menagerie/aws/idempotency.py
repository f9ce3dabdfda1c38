"""Idempotency keys on DynamoDB: written by the same transaction as what they stand for, so there is no time between.

| pk        | sk  | what                                                                                        |
|-----------|-----|---------------------------------------------------------------------------------------------|
| key#<key> | key | `digest` of the request, `answer` that leads back to it, `forget_at` seconds (time to live) |
"""

from typing import TYPE_CHECKING

from menagerie.aws.codec import to_attribute
from menagerie.aws.errors import aws_errors
from menagerie.errors import Unreadable
from menagerie.idempotency import CLOCK_STEP, KEPT, IdempotencyKey, KeyReused
from menagerie.skipped import Skipped, log_skipped

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

# An item that is not as `put` writes it counts as none, so it must not keep its key for ever.
_FREE = (
    "attribute_not_exists(pk) OR NOT attribute_type(forget_at, :number) OR NOT attribute_type(digest, :text) "
    "OR NOT attribute_type(answer, :text) OR forget_at <= :now"
)


class DynamoDBKeys:
    """The keys of one table."""

    def __init__(self, client: "DynamoDBClient", table: str, service: str, skipped: Skipped = log_skipped) -> None:
        """Take a client, the table's name, what errors call it, and a log of items that cannot be read."""
        self._client = client
        self._table = table
        self._service = service
        self._skipped = skipped

    def find(self, key: IdempotencyKey, now: "datetime") -> str | None:
        """Return the answer that was given under a key, or None; raise KeyReused if the request was another one."""
        with aws_errors(self._service):
            item = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True).get("Item")
        if item is None:
            return None
        try:
            forget_at, digest, answer = float(item["forget_at"]["N"]), item["digest"]["S"], item["answer"]["S"]
        except (KeyError, ValueError) as error:
            self._skipped(Unreadable(f"key#{key.key}", error))
            return None
        # DynamoDB takes its time to delete what has expired.
        if forget_at <= now.timestamp():
            return None
        if digest != key.digest:
            raise KeyReused
        return answer

    def put(
        self, key: IdempotencyKey, answer: str, now: "datetime", *, lost: str | None = None
    ) -> "TransactWriteItemTypeDef":
        """Return the part of a transaction that keeps an answer, and fails if the key has one already.

        Args:
            key: the key.
            answer: what leads back to the answer.
            now: the present moment.
            lost: an earlier answer to this key that leads nowhere any more, and may be replaced.
        """
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_key(key),
                    "digest": {"S": key.digest},
                    "answer": {"S": answer},
                    "forget_at": to_attribute(int((now + KEPT + CLOCK_STEP).timestamp())),
                },
                "ConditionExpression": f"{_FREE} OR answer = :lost",
                "ExpressionAttributeValues": {
                    ":now": to_attribute(now.timestamp()),
                    ":number": {"S": "N"},
                    ":text": {"S": "S"},
                    ":lost": {"S": lost} if lost else {"NULL": True},
                },
            }
        }

    def forget(self, key: IdempotencyKey) -> None:
        """Let a key be used anew, since what it stood for did not come about."""
        with aws_errors(self._service):
            self._client.delete_item(TableName=self._table, Key=_key(key))


def _key(key: IdempotencyKey) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": f"key#{key.key}"}, "sk": {"S": "key"}}
