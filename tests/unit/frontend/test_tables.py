"""The table of predictions: one row each, true to what is stored, also when nothing is."""

from typing import Any

import pandas as pd

from frontend.species import COLOURS
from frontend.tables.predictions import COLUMNS, column_configuration, prediction_frame, shown_frame
from tests.unit.frontend.examples import NOON, prediction


def test_a_row_holds_what_is_stored() -> None:
    frame = prediction_frame([prediction("dog", feedback="kangaroo")])
    (row,) = frame.to_dict("records")
    assert row["created_at"] == pd.Timestamp(NOON)
    assert (row["species"], row["confidence"], row["prediction_set"]) == ("dog", 0.9, ["dog"])
    assert (row["legs"], row["height"], row["weight"], row["wings"], row["tail"]) == (4, 0.5, 25.0, False, True)
    assert (row["feedback"], row["id"], row["model"]) == ("kangaroo", "dog-0", "31 Jan 2026, 12:00 UTC")


def test_the_order_is_the_one_given() -> None:
    frame = prediction_frame([prediction(minutes=2), prediction(minutes=9), prediction(minutes=1)])
    assert list(frame["id"]) == ["dog-2", "dog-9", "dog-1"]


def test_no_predictions_make_a_table_with_columns_and_no_rows() -> None:
    frame = prediction_frame([])
    assert tuple(frame.columns) == COLUMNS
    assert frame.empty
    assert frame["created_at"].dt.tz is not None


def test_showing_a_table_leaves_it_as_it_is() -> None:
    frame = prediction_frame([prediction("dog")])
    assert shown_frame(frame)["species"].tolist() == [["dog"]]
    assert frame["species"].tolist() == ["dog"]


def test_every_column_says_how_it_is_shown_and_species_have_their_colours() -> None:
    configuration: dict[str, Any] = dict(column_configuration("Europe/Madrid"))
    assert set(configuration) == set(COLUMNS)
    options = configuration["species"]["type_config"]["options"]
    assert {option["value"]: option["color"] for option in options} == COLOURS
    assert configuration["created_at"]["type_config"]["timezone"] == "Europe/Madrid"
