"""Decoded values equal the encoded ones, and numbers keep the digits that they print."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.aws.codec import from_item, to_item

# Beyond 2**53 a float and the int that prints alike are not equal, and DynamoDB does not distinguish them.
EXACT = st.floats(-(2**53), 2**53)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | EXACT | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_decoded_json_values_equal_the_encoded_ones(values: dict[str, Any]) -> None:
    assert from_item(to_item(values)) == values


@pytest.mark.parametrize(("number", "digits"), [(0.1, "0.1"), (60.5, "60.5"), (3, "3"), (1e-7, "1E-7"), (1.0, "1.0")])
def test_a_number_is_stored_with_the_digits_that_it_prints(number: float, digits: str) -> None:
    assert to_item({"height": number}) == {"height": {"N": digits}}


@pytest.mark.parametrize("flag", [True, False])
def test_a_boolean_is_not_stored_as_a_number(flag: bool) -> None:
    assert to_item({"has_tail": flag}) == {"has_tail": {"BOOL": flag}}
    assert from_item(to_item({"has_tail": flag}))["has_tail"] is flag
