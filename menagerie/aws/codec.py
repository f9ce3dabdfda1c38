"""Encodes values as DynamoDB attributes and decodes them; numbers are stored with the digits that they print."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from pydantic import JsonValue
from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def decimal(number: float) -> Decimal:
    """Return the decimal that prints like the number: Decimal(0.1) would have 55 digits."""
    return Decimal(str(number))


def to_attribute(value: JsonValue) -> "AttributeValueTypeDef":
    """Encode a JSON value as a DynamoDB attribute."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": str(decimal(value))}
        case list():
            return {"L": [to_attribute(each) for each in value]}
        case dict():
            return {"M": {name: to_attribute(each) for name, each in value.items()}}


def from_attribute(attribute: "AttributeValueTypeDef") -> JsonValue:
    """Decode an attribute that `to_attribute` wrote. DynamoDB stores 2.0 as 2, which is decoded as an int."""
    match attribute:
        case {"S": str(text)}:
            return text
        case {"N": str(digits)}:
            number = Decimal(digits)
            return int(number) if number == number.to_integral_value() else float(number)
        case {"BOOL": bool(flag)}:
            return flag
        case {"L": list(items)}:
            return [from_attribute(each) for each in cast("list[AttributeValueTypeDef]", items)]
        case {"M": dict(fields)}:
            return {name: from_attribute(each) for name, each in fields.items()}
    return None


def to_columns(columns: "Mapping[str, Sequence[object]]") -> "dict[str, AttributeValueTypeDef]":
    """Encode each field of many rows as one text attribute, a JSON list.

    Numbers keep the digits of `decimal`. A thousand animals as lists of DynamoDB numbers are ten thousand small
    dictionaries for botocore to walk; as columns of text they are eleven.
    """
    return {name: {"S": to_json(values).decode()} for name, values in columns.items()}


def from_columns(item: "Mapping[str, AttributeValueTypeDef]", names: "Iterable[str]") -> "list[list[Any]]":
    """Decode columns that `to_columns` wrote, in the order of the names.

    Raises KeyError for a missing column, ValueError for text that is not JSON. The values are not validated.
    """
    return [from_json(item[name]["S"]) for name in names]
