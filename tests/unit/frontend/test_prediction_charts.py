"""Charts of predictions: Vega-Lite documents with the right rows, colours and time bins."""

from datetime import timedelta
from typing import Any

import altair as alt
import pandas as pd
import pytest

from frontend.charts.predictions import (
    FEWEST_BINS,
    MOST_BINS,
    activity_chart,
    activity_frame,
    bin_width,
    confidence_chart,
    probability_chart,
    species_colour,
    species_count_chart,
    species_over_time_chart,
    species_share_chart,
    stacked_counts,
)
from frontend.tables.predictions import prediction_frame
from menagerie.animal import Species
from tests.unit.frontend.examples import prediction

PROBABILITIES = dict(zip(Species, (0.03, 0.0, 0.0002, 0.9, 0.0698), strict=True))


def document(chart: alt.Chart | alt.LayerChart) -> dict[str, Any]:
    drawn: dict[str, Any] = chart.to_dict()
    return drawn


def rows(drawn: dict[str, Any]) -> list[dict[str, Any]]:
    (values,) = drawn["datasets"].values()
    return list(values)


def test_probabilities_are_bars_in_descending_order() -> None:
    drawn = rows(document(probability_chart(PROBABILITIES, ["dog", "unknown"])))
    assert [row["label"] for row in drawn] == ["Dog", "Unknown", "Kangaroo", "Chicken", "Elephant"]
    assert [row["shown"].replace("\N{NO-BREAK SPACE}", " ") for row in drawn] == [
        "90%",
        "7%",
        "3%",
        "< 0.1%",
        "0%",
    ]


def test_species_outside_the_prediction_set_are_marked() -> None:
    drawn = rows(document(probability_chart(PROBABILITIES, ["dog", "unknown"])))
    assert {row["species"] for row in drawn if row["in_set"] == "yes"} == {"dog", "unknown"}


def test_the_scale_of_probabilities_is_the_same_for_every_prediction() -> None:
    answers = (PROBABILITIES, {Species.DOG: 0.4, Species.UNKNOWN: 0.6})
    for answer in answers:
        bars = document(probability_chart(answer, ["dog"]))["layer"][0]
        assert bars["encoding"]["x"]["scale"] == {"domain": [0, 1]}


@pytest.mark.parametrize("present", [["dog"], ["unknown", "dog", "kangaroo"], list(Species)])
def test_a_species_has_its_colour_beside_any_others(present: list[str]) -> None:
    encoding: Any = species_colour(present).to_dict()
    scale = encoding["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == {name: Species(name).colour for name in present}


def test_species_are_counted_in_descending_order() -> None:
    frame = prediction_frame([prediction("dog"), prediction("chicken"), prediction("dog", 1), prediction("dog", 2)])
    drawn = rows(document(species_count_chart(frame)))
    assert [(row["species"], row["predictions"], row["share"]) for row in drawn] == [
        ("dog", 3, 0.75),
        ("chicken", 1, 0.25),
    ]


def test_the_legend_of_the_chart_over_time_selects_species() -> None:
    drawn = document(species_over_time_chart(prediction_frame([prediction()]), "UTC"))
    (parameter,) = drawn["params"]
    assert parameter["bind"] == "legend"
    assert parameter["select"]["fields"] == ["species"]


def test_a_chart_without_predictions_is_empty() -> None:
    assert rows(document(species_count_chart(prediction_frame([])))) == []


def test_requests_and_predictions_are_counted_separately() -> None:
    frame = prediction_frame([prediction("dog", 0), prediction("elephant", 0.01), prediction("dog", 40)])
    frame["request"] = ["a", "a", "b"]
    binned = activity_frame(frame, "UTC")
    assert list(binned["requests"]) == [1, 1]
    assert list(binned["predictions"]) == [2, 1]
    assert confidence_chart(frame, "UTC").to_dict()
    assert activity_chart(frame, "UTC", "requests", "Requests").to_dict()["encoding"]["y"]["title"] == "Requests"
    (rows,) = species_share_chart(frame, "UTC").to_dict()["datasets"].values()
    assert [row["share"] for row in rows if row["predictions"]] == [0.5, 0.5, 1.0]


def counts(*predictions_at: tuple[str, float], timezone: str = "UTC") -> pd.DataFrame:
    return stacked_counts(prediction_frame([prediction(name, at) for name, at in predictions_at]), timezone)


@pytest.mark.parametrize("minutes", [0.0, 1, 7, 60, 1_000, 50_000, 3_000_000])
def test_a_time_span_has_at_most_the_maximum_of_bins(minutes: float) -> None:
    times = prediction_frame([prediction(minutes=0), prediction(minutes=minutes)])["created_at"]
    assert timedelta(minutes=minutes) / bin_width(times).to_pytimedelta() <= MOST_BINS


def test_a_longer_time_span_has_wider_bins() -> None:
    spans = (0, 30, 600, 5_000, 100_000)
    widths = [bin_width(prediction_frame([prediction(), prediction(minutes=m)])["created_at"]) for m in spans]
    assert widths == sorted(set(widths))


def test_species_in_the_same_bin_are_stacked() -> None:
    drawn = counts(("dog", 0), ("chicken", 0), ("dog", 0.01))
    stacked = drawn[drawn["predictions"] > 0]
    assert list(zip(stacked["species"], stacked["bottom"], stacked["top"], strict=True)) == [
        ("chicken", 0, 1),
        ("dog", 1, 3),
    ]


def test_every_prediction_is_in_a_bin() -> None:
    many = [("dog" if i % 3 else "elephant", i * 17.3) for i in range(200)]
    assert counts(*many)["predictions"].sum() == 200


def test_a_single_prediction_is_one_narrow_bar() -> None:
    drawn = counts(("dog", 0))
    span = drawn["end"].max() - drawn["start"].min()
    assert span / (drawn["end"] - drawn["start"]).iloc[0] >= FEWEST_BINS


def test_bins_start_at_local_times_of_the_visitor() -> None:
    drawn = counts(("dog", 0), timezone="Asia/Tokyo")
    assert drawn.loc[drawn["predictions"] > 0, "start"].tolist() == [pd.Timestamp("2026-01-31 21:00")]


def test_the_repeated_hour_at_the_end_of_summer_time_loses_no_prediction() -> None:
    minutes_to_october = (31 + 28 + 31 + 30 + 31 + 30 + 31 + 31 + 24 - 31) * 24 * 60 + 12.5 * 60
    drawn = counts(*(("dog", minutes_to_october + m) for m in range(0, 180, 10)), timezone="Europe/Madrid")
    assert drawn["predictions"].sum() == 18
