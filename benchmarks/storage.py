"""What storing a request takes of DynamoDB: calls, and bytes, which are what it charges for."""

import boto3
from moto import mock_aws

from benchmarks.comparison import Comparison, Figure, tell
from menagerie.animal import CLASSES
from menagerie.aws.predictions import DynamoDBPredictionStore, to_item
from tests.integration.aws_calls import count_calls
from tests.samples import batch_of

TABLE = "predictions"
REACH = {1: 1, 100: 2, 1000: 5}


def item_bytes(animals: int) -> int:
    """Return how many bytes DynamoDB counts for a request: names and values of its attributes."""
    item = to_item(batch_of(*(CLASSES[place % len(CLASSES)] for place in range(animals))))
    return sum(len(name) + sum(len(text) for text in _texts(value)) for name, value in item.items())


def main() -> None:
    """Count the calls on moto's DynamoDB; a day's first request makes one more, for the day itself."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        store = DynamoDBPredictionStore(client, TABLE)
        store.add(batch_of(CLASSES[0]))
        calls = count_calls(client)
        compared = []
        for animals, reach in REACH.items():
            calls.clear()
            store.add(batch_of(*(CLASSES[place % len(CLASSES)] for place in range(animals))))
            compared.append(
                Comparison(
                    f"DynamoDB calls to store {animals} animals, {item_bytes(animals):,} bytes",
                    "one write",
                    "calls",
                    Figure.of([len(calls)]),
                    Figure.of([1]),
                    reach=reach,
                    more={"animals": animals, "bytes": item_bytes(animals)},
                )
            )
    tell("storage", compared)


def _texts(value: object) -> list[str]:
    assert isinstance(value, dict)
    ((_, content),) = value.items()
    return content if isinstance(content, list) else [content]


if __name__ == "__main__":
    main()
