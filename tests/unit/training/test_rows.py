"""Validation of rows: the quick way and the thorough way agree, and bad rows are named."""

import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from menagerie.animal import FEATURES, Animal
from menagerie.animal_file import ROWS_PER_CHUNK, read
from training.rows.validation import NAMED_REFUSALS, joined, rows_of, validate

DOG: dict[str, Any] = {"walks_on_n_legs": 4, "height": 0.5, "weight": 25.0, "has_wings": False, "has_tail": True}


def test_valid_rows_become_a_float32_matrix_in_the_order_of_the_features() -> None:
    rows = validate([DOG, {**DOG, "height": 1}])
    assert rows.matrix.dtype == np.float32
    assert rows.matrix.tolist() == [[4, 0.5, 25, 0, 1], [4, 1, 25, 0, 1]]
    assert (rows.received, rows.refused, rows.refusals) == (2, 0, ())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"height": math.nan}, "height: input should be a finite number"),
        ({"weight": math.inf}, "weight: input should be a finite number"),
        ({"height": 0.0}, "height: input should be greater than 0"),
        ({"weight": -1.0}, "weight: input should be greater than 0"),
        ({"weight": 1e9}, "weight: input should be less than or equal to 200000"),
        ({"height": 10**400}, "height: "),
        ({"height": "tall"}, "height: input should be a valid number"),
        ({"height": True}, "height: input should be a valid number"),
        ({"walks_on_n_legs": 9}, "walks_on_n_legs: input should be less than or equal to 8"),
        ({"walks_on_n_legs": 2.5}, "walks_on_n_legs: input should be a valid integer"),
        ({"walks_on_n_legs": True}, "walks_on_n_legs: input should be a valid integer"),
        ({"has_wings": 1}, "has_wings: input should be a valid boolean"),
        ({"has_tail": None}, "has_tail: input should be a valid boolean"),
        ({"colour": "brown"}, "another field: extra inputs are not permitted"),
    ],
)
def test_a_bad_row_is_left_out_and_named_with_line_and_reason(change: dict[str, Any], named: str) -> None:
    rows = validate([DOG, {**DOG, **change}, DOG])
    assert len(rows.matrix) == 2
    assert rows.is_valid.tolist() == [True, False, True]
    (refusal,) = rows.refusals
    assert str(refusal).startswith(f"line 2: {named}")


@pytest.mark.parametrize("row", [None, [], "dog", 3, {}, {"height": 1.0}])
def test_what_is_no_row_at_all_is_refused(row: object) -> None:
    rows = validate([row, DOG])
    assert (rows.refused, len(rows.matrix)) == (1, 1)


def test_lines_are_counted_from_the_first_line_given() -> None:
    assert validate([{}, DOG, {}], first_line=7).refusals[1].line == 9


def test_only_the_first_bad_rows_are_named_but_all_are_counted() -> None:
    rows = validate([{}] * 50)
    assert rows.refused == 50
    assert [refusal.line for refusal in rows.refusals] == list(range(1, NAMED_REFUSALS + 1))


def test_joined_parts_keep_order_and_counts() -> None:
    rows = joined([validate([DOG, {}]), validate([]), validate([{**DOG, "height": 2.0}])])
    assert rows.matrix[:, 1].tolist() == [0.5, 2.0]
    assert (rows.received, rows.refused, len(rows.refusals)) == (3, 1, 1)
    assert joined([]).matrix.shape == (0, 5)


def test_the_rows_of_a_file_keep_order_and_counts() -> None:
    lines = [",".join(FEATURES), *["4,0.5,25,no,yes"] * ROWS_PER_CHUNK, *["4,tall,25,no,yes"] * 30, "4,2,25,no,yes"]
    rows = rows_of(read(io.BytesIO("\n".join(lines).encode()), "animals.csv"))
    assert rows.matrix.dtype == np.float32
    assert rows.matrix[-2:, 1].tolist() == [0.5, 2.0]
    assert (rows.received, rows.refused, len(rows.refusals)) == (ROWS_PER_CHUNK + 31, 30, NAMED_REFUSALS)
    assert rows.refusals[0].line == ROWS_PER_CHUNK + 2


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10),
    st.integers(),
    st.floats(width=32),
    st.floats(0, 30),
    st.text(max_size=3),
)
rows_of_anything = st.one_of(
    st.builds(dict, DOG=st.just(1)),
    st.fixed_dictionaries(dict.fromkeys(FEATURES, values)),
    st.fixed_dictionaries(
        {
            "walks_on_n_legs": st.integers(-1, 9),
            "height": st.floats(-1, 31) | st.integers(-1, 31),
            "weight": st.floats(-1, 200_001),
            "has_wings": st.booleans(),
            "has_tail": st.booleans(),
        },
        optional={"extra": values},
    ),
)


@given(st.lists(rows_of_anything, max_size=4))
def test_a_row_is_valid_exactly_when_animal_says_so(rows: list[dict[str, Any]]) -> None:
    def is_animal(row: dict[str, Any]) -> bool:
        try:
            Animal.model_validate(row)
        except ValidationError:
            return False
        return True

    together = validate(rows)
    assert together.is_valid.tolist() == [is_animal(row) for row in rows]
    alone = [validate([row]).matrix for row in rows]
    assert np.array_equal(together.matrix, np.concatenate([np.empty((0, 5), dtype=np.float32), *alone]))
