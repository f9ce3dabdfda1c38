"""CSV files contain all values of predictions, and can be read again."""

import io

import pandas as pd

from frontend.tables.animal_rows import RowFault, read_csv
from frontend.tables.exports import faults_csv
from frontend.tables.predictions import predictions_csv
from tests.unit.frontend.examples import DOG, prediction


def test_a_file_contains_predictions_with_their_animals() -> None:
    data = predictions_csv([prediction("dog", feedback="kangaroo"), prediction("elephant", 1)])
    table = pd.read_csv(io.BytesIO(data))
    assert list(table["species"]) == ["dog", "elephant"]
    assert table["probability_dog"][0] == 0.9
    assert table["feedback"][0] == "kangaroo"
    assert table["created_at"][0] == "2026-01-31T12:00:00+00:00"
    assert read_csv(data).animals == [DOG, DOG]


def test_a_file_without_predictions_has_a_header() -> None:
    assert list(pd.read_csv(io.BytesIO(predictions_csv([])))["id"]) == []


def test_a_file_contains_invalid_lines_with_their_reasons() -> None:
    assert faults_csv([RowFault(3, "height is missing")]).decode().splitlines() == [
        "line,reason",
        "3,height is missing",
    ]
