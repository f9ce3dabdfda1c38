"""The feedback store on DynamoDB: beside the prediction for its readers, and in its own partition for retraining.

| pk             | sk            | content                                                       |
|----------------|---------------|---------------------------------------------------------------|
| day#2026-01-31 | request id    | `feedback#<position>` beside the predictions of the request   |
| feedback       | prediction id | animal, species and time of the latest feedback               |
"""

from typing import TYPE_CHECKING

from typing_extensions import override

from menagerie.animal import Animal
from menagerie.aws.errors import UnreadableHandler, aws_errors, log_unreadable
from menagerie.aws.predictions import SERVICE, feedback_attribute, key_of
from menagerie.errors import Conflict, Unreadable
from menagerie.ports.feedback import FeedbackStore, LabelledAnimal
from menagerie.prediction import parse_prediction_id

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from menagerie.prediction import Feedback, Prediction

_PARTITION: "AttributeValueTypeDef" = {"S": "feedback"}


class DynamoDBFeedbackStore(FeedbackStore):
    """Writes both items in one transaction, so that they always agree."""

    def __init__(
        self, client: "DynamoDBClient", table: str, *, on_unreadable: UnreadableHandler = log_unreadable
    ) -> None:
        """Take a client, the table's name, and the handler of items that cannot be read."""
        self._client = client
        self._table = table
        self._on_unreadable = on_unreadable

    @override
    def give(self, prediction: "Prediction", feedback: "Feedback") -> None:
        parsed = parse_prediction_id(prediction.id)
        if parsed is None:
            raise Conflict(f"{prediction.id!r} is not the id of a stored prediction")
        request_id, position = parsed
        with aws_errors(SERVICE, conflict="feedback on the same request is being stored at the same time"):
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

    @override
    def given(self) -> list[LabelledAnimal]:
        with aws_errors(SERVICE):
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
                self._on_unreadable(Unreadable(f"feedback/{item['sk'].get('S')}", error))
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
