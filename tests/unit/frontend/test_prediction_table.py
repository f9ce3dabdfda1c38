"""The table and the CSV file of predictions: one row for each, with the stored values."""

import io
from typing import Any

import pandas as pd

from frontend.tables.animals import read_csv
from frontend.tables.predictions import COLUMNS, column_configuration, prediction_frame, predictions_csv, shown_frame
from menagerie.animal import FEATURES, Species
from tests.unit.frontend.examples import DOG, NOON, prediction


def test_a_row_has_the_stored_values() -> None:
    frame = prediction_frame([prediction("dog", feedback="kangaroo")])
    (row,) = frame.to_dict("records")
    assert row["created_at"] == pd.Timestamp(NOON)
    assert (row["species"], row["confidence"], row["prediction_set"]) == ("dog", 0.9, ["dog"])
    assert [row[name] for name in FEATURES] == [4, 0.5, 25.0, False, True]
    assert (row["feedback"], row["id"], row["model"]) == ("kangaroo", "dog-0", "31 Jan 2026, 12:00 UTC")


def test_the_order_is_the_one_given() -> None:
    frame = prediction_frame([prediction(minutes=2), prediction(minutes=9), prediction(minutes=1)])
    assert list(frame["id"]) == ["dog-2", "dog-9", "dog-1"]


def test_a_table_without_predictions_has_columns_and_no_rows() -> None:
    frame = prediction_frame([])
    assert tuple(frame.columns) == COLUMNS
    assert frame.empty
    assert frame["created_at"].dt.tz is not None


def test_showing_a_table_does_not_change_it() -> None:
    frame = prediction_frame([prediction("dog")])
    assert shown_frame(frame)["species"].tolist() == [["dog"]]
    assert frame["species"].tolist() == ["dog"]


def test_every_column_is_configured_and_species_have_their_colours() -> None:
    configuration: dict[str, Any] = dict(column_configuration("Europe/Madrid"))
    assert set(configuration) == set(COLUMNS)
    options = configuration["species"]["type_config"]["options"]
    assert {option["value"]: option["color"] for option in options} == {
        species.value: species.colour for species in Species
    }
    assert configuration["created_at"]["type_config"]["timezone"] == "Europe/Madrid"


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
