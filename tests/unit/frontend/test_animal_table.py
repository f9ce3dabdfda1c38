"""Animals of uploaded files and edited tables; what the reader of files accepts is tested where it is."""

import pandas as pd
import pytest

from frontend.api.data_service import AnimalRows
from frontend.tables.animals import (
    MAX_ROWS,
    animal_table,
    animals_csv,
    read_csv,
    read_table,
    refusals_csv,
    template_csv,
)
from menagerie.animal import EXAMPLES, FEATURES, Animal
from menagerie.animal_file import Refusal
from menagerie.errors import InvalidInput

HEADER = ",".join(FEATURES)
DOG = Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True)


def test_the_template_can_be_uploaded_as_it_is() -> None:
    assert read_csv(template_csv()) == AnimalRows(list(EXAMPLES.values()), [])


def test_valid_rows_and_refused_rows_of_a_file_are_kept_apart() -> None:
    found = read_csv(f"{HEADER}\n4,0.5,25,no,yes\n9,1,25,no,yes\n\n4,0.5,25,no\n4,0.5,25,no,yes\n".encode())
    assert found.animals == [DOG, DOG]
    assert found.refusals == [
        Refusal(3, "walks_on_n_legs: input should be less than or equal to 8, not '9'"),
        Refusal(5, "4 values, 5 expected"),
    ]


def test_a_file_may_have_a_limited_number_of_rows() -> None:
    lines = "\n4,0.5,25,no,yes" * MAX_ROWS
    assert len(read_csv((HEADER + lines).encode()).animals) == MAX_ROWS
    with pytest.raises(InvalidInput, match=r"animals\.csv has more than 50,000 rows"):
        read_csv((HEADER + lines + "\n9").encode(), "animals.csv")


def test_a_table_comes_back_as_the_animals_it_was_made_of() -> None:
    animals = list(EXAMPLES.values())
    assert read_table(animal_table(animals)).animals == animals
    assert read_csv(animals_csv(animals)).animals == animals


def test_an_empty_row_of_a_table_is_skipped_and_a_half_filled_one_is_refused() -> None:
    table = animal_table([DOG]).astype({"has_wings": "object", "has_tail": "object"})
    table.loc[1] = [pd.NA, None, None, None, None]
    table.loc[2] = [2, None, 3.0, False, True]
    found = read_table(table)
    assert found.animals == [DOG]
    assert found.refusals == [Refusal(3, "height: no value")]


def test_a_file_contains_invalid_lines_with_their_reasons() -> None:
    assert refusals_csv([Refusal(3, "height is missing")]).decode().splitlines() == [
        "line,reason",
        "3,height is missing",
    ]
