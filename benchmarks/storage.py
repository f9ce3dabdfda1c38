"""Count the calls and bytes that DynamoDB charges for storing a request."""

import boto3
from moto import mock_aws

from benchmarks.comparison import Comparison, Figure, write_report
from menagerie.animal import CLASSES
from menagerie.aws.predictions import DynamoDBPredictionStore, to_item
from tests.integration.aws_calls import count_calls
from tests.samples import batch_of

TABLE = "predictions"
TARGETS = {1: 1, 100: 2, 1000: 5}


def item_bytes(animals: int) -> int:
    """Return the size of a request's item as DynamoDB computes it: names and values of the attributes."""
    item = to_item(batch_of(*(CLASSES[place % len(CLASSES)] for place in range(animals))))
    return sum(len(name) + sum(len(text) for text in _texts(value)) for name, value in item.items())


def main() -> None:
    """Count the calls to moto's DynamoDB, without the additional one of the first request of a day."""
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
        for animals, target in TARGETS.items():
            calls.clear()
            store.add(batch_of(*(CLASSES[place % len(CLASSES)] for place in range(animals))))
            compared.append(
                Comparison(
                    f"DynamoDB calls to store {animals} animals, {item_bytes(animals):,} bytes",
                    "one write",
                    "calls",
                    Figure.of([len(calls)]),
                    Figure.of([1]),
                    target=target,
                    more={"animals": animals, "bytes": item_bytes(animals)},
                )
            )
    write_report("storage", compared)


def _texts(value: object) -> list[str]:
    assert isinstance(value, dict)
    ((_, content),) = value.items()
    return content if isinstance(content, list) else [content]


if __name__ == "__main__":
    main()
