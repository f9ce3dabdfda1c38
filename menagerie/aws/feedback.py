"""Feedback on DynamoDB: on the prediction for those who look at it, and in a partition of its own for retraining.

| pk             | sk            | what                                                          |
|----------------|---------------|---------------------------------------------------------------|
| day#2026-01-31 | request id    | `feedback#<position>` beside the predictions of the request   |
| feedback       | prediction id | animal, species and time: the last word on one prediction     |
"""

from typing import TYPE_CHECKING

from menagerie.animal import Animal
from menagerie.aws.errors import aws_errors
from menagerie.aws.prediction_item import feedback_attribute, key_of
from menagerie.errors import Conflict, Unreadable
from menagerie.feedback import LabelledAnimal
from menagerie.prediction_batch import parse_prediction_id
from menagerie.skipped import Skipped, log_skipped

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from menagerie.prediction import Feedback, Prediction

_PARTITION: "AttributeValueTypeDef" = {"S": "feedback"}
_SERVICE = "the predictions table"


class DynamoDBFeedbackStore:
    """Fills `FeedbackStore`. Both places are written by one transaction, so they never disagree."""

    def __init__(self, client: "DynamoDBClient", table: str, skipped: Skipped = log_skipped) -> None:
        """Take a client, the table's name, and a log of items that cannot be read."""
        self._client = client
        self._table = table
        self._skipped = skipped

    def give(self, prediction: "Prediction", feedback: "Feedback") -> None:
        """Store the true species of a stored prediction, in place of what was said before; raise Conflict."""
        meanwhile = "somebody else is giving feedback on the same request at this moment"
        parsed = parse_prediction_id(prediction.id)
        if parsed is None:
            raise Conflict(f"{prediction.id!r} names no stored prediction")
        request_id, position = parsed
        with aws_errors(_SERVICE, conflict=meanwhile):
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Update": {
                            "TableName": self._table,
                            "Key": key_of(request_id),
                            "UpdateExpression": "SET #feedback = :feedback",
                            "ConditionExpression": "attribute_exists(pk)",
                            "ExpressionAttributeNames": {"#feedback": feedback_attribute(position)},
                            "ExpressionAttributeValues": {":feedback": {"S": feedback.model_dump_json()}},
                        }
                    },
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": {
                                "pk": _PARTITION,
                                "sk": {"S": prediction.id},
                                "animal": {"S": prediction.animal.model_dump_json()},
                                "species": {"S": feedback.species},
                                "given_at": {"S": feedback.given_at.isoformat()},
                            },
                        }
                    },
                ]
            )

    def given(self) -> list[LabelledAnimal]:
        """Return the last word on every prediction that has one, oldest prediction first."""
        with aws_errors(_SERVICE):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :feedback",
                ExpressionAttributeValues={":feedback": _PARTITION},
                ConsistentRead=True,
            )
            items = [item for page in pages for item in page["Items"]]
        given = []
        for item in items:
            try:
                given.append(_from_item(item))
            except (KeyError, ValueError) as error:
                self._skipped(Unreadable(f"feedback/{item['sk'].get('S')}", error))
        return given


def _from_item(item: "dict[str, AttributeValueTypeDef]") -> LabelledAnimal:
    return LabelledAnimal.model_validate(
        {
            "prediction_id": item["sk"]["S"],
            "animal": Animal.model_validate_json(item["animal"]["S"]),
            "species": item["species"]["S"],
            "given_at": item["given_at"]["S"],
        }
    )
