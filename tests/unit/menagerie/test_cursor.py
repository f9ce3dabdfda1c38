"""A cursor is parsed from its own text and from no other."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.errors import InvalidInput
from menagerie.ports.predictions import Cursor
from menagerie.prediction import MAX_ANIMALS
from menagerie.ulid import new_ulid
from tests.samples import NOON

REQUEST = "01KG9YS7G0D4HAWTBSEDNRP5HY"


def encoded(plain: str) -> str:
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


@given(st.integers(0, MAX_ANIMALS - 1))
def test_a_parsed_cursor_equals_the_written_one(position: int) -> None:
    cursor = Cursor(new_ulid(NOON), position)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text())
def test_any_other_text_is_invalid_input(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        Cursor.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        encoded(f"2.{REQUEST}.0"),
        encoded(f"1.{REQUEST}.1000"),
        encoded(f"1.{REQUEST}.-1"),
        encoded(f"1.{REQUEST}.00"),
        encoded(f"1.{REQUEST}.1_0"),
        encoded(f"1.{REQUEST}. 1"),
        encoded(f"1.{REQUEST}"),
        encoded(f"1.{REQUEST}.0.0"),
        encoded(f"1.{REQUEST.lower()}.0"),
        encoded("1.day#2026.0"),
        encoded(f"1.{REQUEST}.0") + "=",
        str(Cursor(REQUEST, 0)) + "\n",
    ],
)
def test_a_changed_cursor_is_invalid_input(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        Cursor.parse(text)
