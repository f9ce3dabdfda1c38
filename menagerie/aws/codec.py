"""Encodes JSON values as DynamoDB attributes and decodes them; numbers are stored with the digits that they print."""

from decimal import Decimal
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from pydantic import JsonValue

    Item = dict[str, AttributeValueTypeDef]


def to_item(values: "Mapping[str, JsonValue]") -> "Item":
    """Encode named JSON values as the attributes of an item."""
    return {name: _to_attribute(value) for name, value in values.items()}


def from_item(item: "Mapping[str, AttributeValueTypeDef]") -> "dict[str, JsonValue]":
    """Decode attributes that `to_item` wrote. DynamoDB stores 2.0 as 2, which is decoded as an int."""
    return {name: _from_attribute(attribute) for name, attribute in item.items()}


def _to_attribute(value: "JsonValue") -> "AttributeValueTypeDef":
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            # Through the number's text: Decimal(0.1) would have 55 digits.
            return {"N": str(Decimal(str(value)))}
        case list():
            return {"L": [_to_attribute(each) for each in value]}
        case dict():
            return {"M": to_item(value)}


def _from_attribute(attribute: "AttributeValueTypeDef") -> "JsonValue":
    match attribute:
        case {"S": str(text)}:
            return text
        case {"N": str(digits)}:
            number = Decimal(digits)
            return int(number) if number == number.to_integral_value() else float(number)
        case {"BOOL": bool(flag)}:
            return flag
        case {"L": list(items)}:
            return [_from_attribute(each) for each in cast("list[AttributeValueTypeDef]", items)]
        case {"M": dict(fields)}:
            return from_item(fields)
    return None
