"""Files to take away say everything that was answered, and read again as what they were."""

import io

import pandas as pd

from frontend.tables.animal_rows import RowFault, read_csv
from frontend.tables.exports import faults_csv
from frontend.tables.predictions import predictions_csv
from tests.unit.frontend.examples import DOG, prediction


def test_answers_go_into_a_file_with_their_animals() -> None:
    data = predictions_csv([prediction("dog", feedback="kangaroo"), prediction("elephant", 1)])
    table = pd.read_csv(io.BytesIO(data))
    assert list(table["species"]) == ["dog", "elephant"]
    assert table["probability_dog"][0] == 0.9
    assert table["feedback"][0] == "kangaroo"
    assert table["created_at"][0] == "2026-01-31T12:00:00+00:00"
    assert read_csv(data).animals == [DOG, DOG]


def test_no_answers_are_a_file_with_a_header() -> None:
    assert list(pd.read_csv(io.BytesIO(predictions_csv([])))["id"]) == []


def test_bad_lines_go_into_a_file_with_their_reasons() -> None:
    assert faults_csv([RowFault(3, "height is missing")]).decode().splitlines() == [
        "line,reason",
        "3,height is missing",
    ]
