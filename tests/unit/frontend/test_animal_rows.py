"""Animals out of files and tables: what people write is understood, and what is wrong is named with its line."""

import pandas as pd
import pytest

from frontend.species import EXAMPLES
from frontend.tables.animal_rows import (
    MAX_ROWS,
    AnimalRows,
    RowFault,
    UnreadableFile,
    animal_table,
    read_csv,
    read_table,
)
from frontend.tables.exports import animals_csv, template_csv
from menagerie.animal import Animal

HEADER = "walks_on_n_legs,height,weight,has_wings,has_tail"
DOG = Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True)


def test_the_template_can_be_uploaded_as_it_is() -> None:
    assert read_csv(template_csv()) == AnimalRows(list(EXAMPLES.values()), [])


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n4,0.5,25,false,true\n",
        f"\ufeff{HEADER}\r\n4,0.5,25,False,True\r\n\r\n",
        f"{HEADER.replace(',', ';')}\n4;0,5;25;no;yes\n",
        f"{HEADER.replace(',', chr(9))}\n4\t0,5\t25\t0\t1\n",
        "name,Has_Tail,has_wings,weight,height,walks_on_n_legs\nRex,yes,no,25,0.5,4.0\n",
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(text: str) -> None:
    assert read_csv(text.encode()) == AnimalRows([DOG], [])


def test_every_bad_line_is_named_and_the_good_ones_are_kept() -> None:
    lines = [HEADER, "4,0.5,25,no,yes", "9,-1,25,no,yes", "", "2.5,abc,,no,maybe", "4,0.5,25,no", "2,0,nan,no,yes"]
    found = read_csv("\n".join(lines).encode())
    assert found.animals == [DOG]
    assert found.faults == [
        RowFault(3, "walks_on_n_legs is not from 0 to 8; height is not above 0 and up to 30"),
        RowFault(
            5,
            "walks_on_n_legs is no whole number: 2.5; height is no number: abc; weight is missing; "
            "has_tail is neither true nor false: maybe",
        ),
        RowFault(6, "4 values where the header has 5"),
        RowFault(7, "height is not above 0 and up to 30; weight is no number: nan"),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not name walks_on_n_legs, height"),
        (b"legs,height\n4,2\n", "does not name walks_on_n_legs, weight"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        ((HEADER + "\n4,0.5,25,no,yes" * (MAX_ROWS + 1)).encode(), "more than 50,000 rows"),
        ((HEADER + '\n"' + "x" * 200_000).encode(), "cannot be read"),
    ],
    ids=["empty", "other columns", "no text", "too many rows", "an endless value"],
)
def test_a_file_of_which_nothing_can_be_used_says_why(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read_csv(data)


def test_a_table_comes_back_as_the_animals_it_was_made_of() -> None:
    animals = list(EXAMPLES.values())
    assert read_table(animal_table(animals)).animals == animals
    assert read_csv(animals_csv(animals)).animals == animals


def test_an_empty_row_of_a_table_is_no_row_and_a_half_filled_one_is_a_fault() -> None:
    table = animal_table([DOG]).astype({"has_wings": "object", "has_tail": "object"})
    table.loc[1] = [pd.NA, None, None, None, None]
    table.loc[2] = [2, None, 3.0, False, True]
    found = read_table(table)
    assert found.animals == [DOG]
    assert found.faults == [RowFault(3, "height is missing")]
