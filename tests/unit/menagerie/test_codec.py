"""Encoded values decode to equal values, and numbers keep the digits that they print."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.aws.codec import decimal, from_attribute, from_columns, to_attribute, to_columns

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# Beyond 2**53 a float and the int that prints alike are not equal, and DynamoDB does not tell them apart.
EXACT = st.floats(-(2**53), 2**53)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | EXACT | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_a_decoded_json_value_equals_the_encoded_one(value: Any) -> None:
    assert from_attribute(to_attribute(value)) == value


@given(st.lists(NUMBERS))
def test_a_decoded_column_equals_the_encoded_one_to_the_last_bit(numbers: list[float]) -> None:
    assert from_columns(to_columns({"height": numbers}), ["height"]) == [numbers]


@given(NUMBERS)
def test_a_column_has_the_digits_of_the_decimal(number: float) -> None:
    column = to_columns({"height": [number]})["height"]
    assert Decimal(column["S"].strip("[]")) == decimal(number)


@pytest.mark.parametrize(("number", "digits"), [(0.1, "0.1"), (60.5, "60.5"), (3, "3"), (1e-7, "1E-7"), (1.0, "1.0")])
def test_a_number_is_stored_as_it_prints(number: float, digits: str) -> None:
    assert to_attribute(number) == {"N": digits}


@pytest.mark.parametrize("flag", [True, False])
def test_a_boolean_is_not_encoded_as_a_number(flag: bool) -> None:
    assert to_attribute(flag) == {"BOOL": flag}
    assert from_attribute(to_attribute(flag)) is flag
