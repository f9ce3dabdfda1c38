"""Reading animals from CSV files: what people and programs write is understood, the rest is refused with its line."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from menagerie.animal import FEATURES, Animal
from menagerie.animal_file import ROWS_PER_CHUNK, Chunk, Refusal, read, read_path, refusal_reason, within_bounds
from menagerie.errors import InvalidInput

HEADER = ",".join(FEATURES) + "\n"
DOG_LINE = "4,0.5,25,False,True\n"
DOG = Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True)


def chunk_of(text: str | bytes) -> Chunk:
    content = text if isinstance(text, bytes) else text.encode()
    (chunk,) = read(io.BytesIO(content), "animals.csv")
    return chunk


def rows(text: str | bytes) -> list[tuple[int, Animal | Refusal]]:
    return list(chunk_of(text).rows())


def test_each_row_is_an_animal_with_its_line() -> None:
    chicken = Animal(walks_on_n_legs=2, height=0.3, weight=2.5, has_wings=True, has_tail=True)
    assert rows(HEADER + DOG_LINE + "2,0.3,2.5,true,true\n") == [(2, DOG), (3, chicken)]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "4,0.5,25,0,1\n",
        HEADER + "4.0,5e-1,+25,no,yes\n",
        HEADER + " 4, 0.5,25.0, FALSE ,TRUE\n",
        HEADER + '"4","0.5","25","false","true"\n',
        HEADER + "4,.5,25.,False,True",
        "\ufeff" + (HEADER + DOG_LINE).replace("\n", "\r\n"),
        (HEADER + "4,0,25,no,yes\n").replace(",", ";").replace("4;0;25", "4;0,5;25"),
        (HEADER + "4,0,25,0,1\n").replace(",", "\t").replace("4\t0\t25", "4\t0,5\t25"),
        "a;b;c;d;e;f;g," + HEADER + "," + DOG_LINE,
        "name, Has_Tail,has_wings,weight,height,WALKS_ON_N_LEGS\nRex,yes,no,25,0.5,4.0\n",
    ],
)
def test_numbers_booleans_and_separators_may_be_written_as_people_and_programs_write_them(text: str) -> None:
    assert rows(text) == [(2, DOG)]


def test_other_columns_are_kept_as_they_are_written() -> None:
    chunk = chunk_of("name," + HEADER + '"Rex, the ""dog""",' + DOG_LINE)
    assert chunk.header == ["name", *FEATURES]
    assert chunk.texts == [['Rex, the "dog"', "4", "0.5", "25", "False", "True"]]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("4,0.5,heavy,False,True", "weight: input should be a valid number, not 'heavy'"),
        ("4,0.5, ,False,True", "weight: no value"),
        ("4.5,0.5,25,False,True", "walks_on_n_legs: input should be a valid integer, not '4.5'"),
        ("4,nan,25,False,True", "height: input should be a valid number, not 'nan'"),
        ("4,1_0,25,False,True", "height: input should be a valid number, not '1_0'"),
        ("4,٣,25,False,True", "height: input should be a valid number, not '٣'"),
        ("4,1e999,25,False,True", "height: input should be a finite number, not '1e999'"),
        ('4,"1\n2",25,False,True', r"height: input should be a valid number, not '1\n2'"),
        ("4,-1,25,False,True", "height: input should be greater than 0, not '-1'"),
        ("4,0.5,25,maybe,True", "has_wings: input should be a valid boolean, not 'maybe'"),
        ("4,0.5," + "x" * 50 + ",False,True", f"weight: input should be a valid number, not '{'x' * 40}'"),
        ("4,0,heavy,False,True", "height: input should be greater than 0, not '0'; weight: input should be a valid "),
        ("4,0.5,25,False", "4 values, 5 expected"),
        ("4,0.5,25,False,True,True", "6 values, 5 expected"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_value(line: str, reason: str) -> None:
    found = rows(HEADER + DOG_LINE + line + "\n" + DOG_LINE)
    first, (place, refused), last = found
    assert (first, last) == ((2, DOG), (found[2][0], DOG))
    assert isinstance(refused, Refusal)
    assert (place, refused.line) == (3, 3)
    assert refused.reason.startswith(reason)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """A value that runs over two lines and rows without any value do not shift the lines that follow."""
    text = "note," + HEADER + '"two\nlines",' + DOG_LINE + "\n,,,,,\n" + "," + DOG_LINE
    assert rows(text) == [(2, DOG), (6, DOG)]


def test_long_files_come_in_chunks_with_lines_counted_through() -> None:
    content = (HEADER + DOG_LINE * ROWS_PER_CHUNK + "4,0.5,25,False,perhaps\n").encode()
    first, second = read(io.BytesIO(content), "animals.csv")
    assert (len(first.table), len(second.table)) == (ROWS_PER_CHUNK, 0)
    assert second.refusals[0].line == ROWS_PER_CHUNK + 2
    assert second.texts == [["4", "0.5", "25", "False", "perhaps"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "animals.csv has no column walks_on_n_legs, height, weight, has_wings, has_tail"),
        (b"height,weight,has_wings,has_tail\n", "has no column walks_on_n_legs; its header is 'height,weight"),
        (b"\xff\xfe\x00\x01", "animals.csv is not UTF-8 text"),
        (HEADER.encode() + b'"' + b"x" * 200_000, "animals.csv, line 2: field larger than field limit"),
        (b"x" * 200_000 + b"," + HEADER.encode(), "animals.csv, line 1: field larger than field limit"),
    ],
    ids=["empty", "a missing column", "no text", "an endless value", "an endless name"],
)
def test_a_file_that_is_no_table_of_animals_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        chunk_of(content)


def test_a_path_is_read_and_one_without_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "animals.csv"
    path.write_text(HEADER + DOG_LINE, encoding="utf-8")
    (chunk,) = read_path(path)
    assert len(chunk.table) == 1
    with pytest.raises(InvalidInput, match=r"cannot read .*missing.csv: No such file"):
        list(read_path(tmp_path / "missing.csv"))


def test_a_file_stays_open_for_its_owner() -> None:
    file = io.BytesIO((HEADER + DOG_LINE).encode())
    assert len(list(read(file, "animals.csv"))) == 1
    assert not file.closed


def test_a_file_with_a_header_only_is_one_empty_chunk() -> None:
    chunk = chunk_of(HEADER)
    assert (chunk.texts, chunk.refusals, chunk.table.shape) == ([], [], (0, len(FEATURES)))


def test_values_come_back_as_they_were_written() -> None:
    (animal,) = (row for _, row in rows(HEADER + "4,0.1,0.30000000000000004,False,True\n"))
    assert isinstance(animal, Animal)
    assert (animal.height, animal.weight) == (0.1, 0.30000000000000004)


@given(st.builds(Animal), st.sampled_from(FEATURES), st.floats())
def test_bounds_of_a_table_are_the_bounds_of_an_animal(animal: Animal, name: str, value: float) -> None:
    row = animal.model_dump() | {name: value}
    try:
        Animal.model_validate(row | ({name: bool(value)} if name.startswith("has") and value in (0, 1) else {}))
        is_animal = True
    except ValidationError:
        is_animal = False
    assert within_bounds(np.array([list(row.values())], dtype=np.float64)).tolist() == [is_animal]


def test_a_reason_without_texts_repeats_nothing_of_the_row() -> None:
    with pytest.raises(ValidationError) as caught:
        Animal.model_validate({**DOG.model_dump(), "height": "secret", "secret": 1})
    assert refusal_reason(caught.value) == (
        "height: input should be a valid number; another field: extra inputs are not permitted"
    )
