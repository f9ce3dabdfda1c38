"""CSV files of animals."""

from pathlib import Path

import numpy as np
import pytest

from menagerie.errors import InvalidInput
from training.rows.tables import ROWS_AT_ONCE, pieces, read

HEADER = "walks_on_n_legs,height,weight,has_wings,has_tail\n"
DOG = "4,0.5,25,False,True\n"


def file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "animals.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_rows_become_a_matrix(tmp_path: Path) -> None:
    rows = read(file(tmp_path, HEADER + DOG + "2,0.3,2.5,true,true\n"))
    assert np.allclose(rows.matrix, [[4, 0.5, 25, 0, 1], [2, 0.3, 2.5, 1, 1]])


def test_columns_may_come_in_any_order_and_others_are_left_alone(tmp_path: Path) -> None:
    text = "name,has_tail,weight,height,has_wings,walks_on_n_legs\nRex,True,25,0.5,False,4\n"
    assert read(file(tmp_path, text)).matrix.tolist() == [[4, 0.5, 25, 0, 1]]


@pytest.mark.parametrize(
    "line",
    [
        "4,0.5,25,0,1",
        "4.0,5e-1,25,no,yes",
        " 4, 0.5,25.0,FALSE,TRUE",
        '"4","0.5","25","false","true"',
        "4,0.5,25,False,True\r",
    ],
)
def test_numbers_and_booleans_may_be_written_as_people_and_programs_write_them(tmp_path: Path, line: str) -> None:
    assert read(file(tmp_path, HEADER + line + "\n")).matrix.tolist() == [[4, 0.5, 25, 0, 1]]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert len(read(file(tmp_path, HEADER + DOG, encoding="utf-8-sig")).matrix) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("4,0.5,heavy,False,True", "weight: input should be a valid number"),
        ("4,0.5,,False,True", "weight: input should be a valid number"),
        ("4.5,0.5,25,False,True", "walks_on_n_legs: input should be a valid integer"),
        ("4,nan,25,False,True", "height: input should be a finite number"),
        ("4,-1,25,False,True", "height: input should be greater than 0"),
        ("4,0.5,25,maybe,True", "has_wings: input should be a valid boolean"),
        ("4,0.5,25,False", "4 values, 5 expected"),
        ("4,0.5,25,False,True,True", "6 values, 5 expected"),
    ],
)
def test_a_bad_line_is_named_by_its_place_in_the_file(tmp_path: Path, line: str, reason: str) -> None:
    # A value that runs over two lines and an empty line both shift rows against lines.
    text = "note," + HEADER + '"two\nlines",' + DOG + "\n" + "," * (not reason.endswith("expected")) + line + "\n"
    if reason.endswith("expected"):
        text = HEADER + '"4\n",' + DOG[2:] + "\n" + line + "\n"
    (refusal,) = read(file(tmp_path, text)).refusals
    assert refusal.line == 5
    assert reason in refusal.reason


def test_long_files_come_in_pieces_with_lines_counted_through(tmp_path: Path) -> None:
    path = file(tmp_path, HEADER + DOG * ROWS_AT_ONCE + "4,0.5,25,False,perhaps\n")
    first, second = pieces(path)
    assert (len(first.rows.matrix), len(second.rows.matrix)) == (ROWS_AT_ONCE, 0)
    assert second.rows.refusals[0].line == ROWS_AT_ONCE + 2
    assert second.texts == [["4", "0.5", "25", "False", "perhaps"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no column walks_on_n_legs, height, weight, has_wings, has_tail"),
        (b"height,weight,has_wings,has_tail\n", "has no column walks_on_n_legs; its header is 'height,weight"),
        (b"\xff\xfe\x00\x01", "is no UTF-8 text"),
        (HEADER.encode() + b'"' + b"x" * 200_000, "line 2: field larger than field limit"),
    ],
    ids=["empty", "a missing column", "no text", "an endless value"],
)
def test_a_file_that_is_no_table_of_animals_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "animals.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*missing.csv: No such file"):
        read(tmp_path / "missing.csv")


def test_a_table_without_lines_has_no_rows(tmp_path: Path) -> None:
    assert read(file(tmp_path, HEADER)).received == 0
