"""Idempotency keys on DynamoDB, written by the same transaction as the data that they lead to.

| pk        | sk  | content                                                                                     |
|-----------|-----|---------------------------------------------------------------------------------------------|
| key#<key> | key | `digest` of the request, `answer` that leads to its result, `forget_at`: when it expires    |

`forget_at` is in seconds since 1970; template.yaml names it as the tables' time to live.
"""

from typing import TYPE_CHECKING, TypeVar

from menagerie.aws.codec import to_item
from menagerie.aws.errors import UnreadableHandler, aws_errors, log_unreadable
from menagerie.errors import Conflict, KeyReused, Unreadable
from menagerie.idempotency import CLOCK_STEP, KEPT, IdempotencyKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

T = TypeVar("T")

# An item that `put` did not write counts as none, so it must not block its key for ever.
_FREE = (
    "attribute_not_exists(pk) OR NOT attribute_type(forget_at, :number) OR NOT attribute_type(digest, :text) "
    "OR NOT attribute_type(answer, :text) OR forget_at <= :now"
)


class DynamoDBKeys:
    """The idempotency keys in one table."""

    def __init__(
        self, client: "DynamoDBClient", table: str, service: str, on_unreadable: UnreadableHandler = log_unreadable
    ) -> None:
        """Take a client, the table's name, its name in errors, and the handler of items that cannot be read."""
        self._client = client
        self._table = table
        self._service = service
        self._on_unreadable = on_unreadable

    def find(self, key: IdempotencyKey, now: "datetime") -> str | None:
        """Return the answer stored under a key, or None; raise KeyReused if it was stored for another request."""
        with aws_errors(self._service):
            item = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True).get("Item")
        if item is None:
            return None
        try:
            expires_at, digest, answer = float(item["forget_at"]["N"]), item["digest"]["S"], item["answer"]["S"]
        except (KeyError, ValueError) as error:
            self._on_unreadable(Unreadable(f"key#{key.key}", error))
            return None
        # DynamoDB deletes expired items with a delay.
        if expires_at <= now.timestamp():
            return None
        if digest != key.digest:
            raise KeyReused
        return answer

    def put(
        self, key: IdempotencyKey, answer: str, now: "datetime", *, lost: str | None = None
    ) -> "TransactWriteItemTypeDef":
        """Return the part of a transaction that stores an answer, and fails if the key has one already.

        Args:
            key: the key.
            answer: leads to the result of the request, such as its id.
            now: the present moment.
            lost: an answer that is stored under this key but no longer leads to a result, and is replaced.
        """
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_key(key),
                    **to_item(
                        {
                            "digest": key.digest,
                            "answer": answer,
                            "forget_at": int((now + KEPT + CLOCK_STEP).timestamp()),
                        }
                    ),
                },
                "ConditionExpression": f"{_FREE} OR answer = :lost",
                "ExpressionAttributeValues": to_item(
                    {":now": now.timestamp(), ":number": "N", ":text": "S", ":lost": lost}
                ),
            }
        }

    def delete(self, key: IdempotencyKey) -> None:
        """Delete a key whose request had no result, so that it can be used again."""
        with aws_errors(self._service):
            self._client.delete_item(TableName=self._table, Key=_key(key))


def _key(key: IdempotencyKey) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": f"key#{key.key}"}, "sk": {"S": "key"}}


def stored_once(store: "Callable[[str | None], T]", find: "Callable[[], tuple[T | None, str | None]]") -> T:
    """Store the result of a request, and return what is stored; raise Conflict as `store` does.

    Args:
        store: stores the result. Its argument is an answer under the request's key that may be replaced, None for none.
        find: returns what the same request, sent twice, has stored, and the answer under the key that leads to nothing.
    """
    try:
        return store(None)
    except Conflict:
        first, lost = find()
        if first is not None:
            return first
        if lost is None:
            raise
    return store(lost)
