"""Charts are plain functions: what they draw can be read off their documents."""

from typing import Any

import altair as alt
import pytest

from frontend.charts.predictions import probability_chart, species_colour, species_count_chart, species_over_time_chart
from frontend.species import COLOURS
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


def test_probabilities_are_bars_from_the_most_probable_down() -> None:
    drawn = rows(document(probability_chart(PROBABILITIES, ["dog", "unknown"])))
    assert [row["label"] for row in drawn] == ["Dog", "Unknown", "Kangaroo", "Chicken", "Elephant"]
    assert [row["shown"].replace("\N{NO-BREAK SPACE}", " ") for row in drawn] == [
        "90 %",
        "7 %",
        "3 %",
        "< 0.1 %",
        "0 %",
    ]


def test_what_the_prediction_set_rules_out_is_marked() -> None:
    drawn = rows(document(probability_chart(PROBABILITIES, ["dog", "unknown"])))
    assert {row["species"] for row in drawn if row["in_set"] == "yes"} == {"dog", "unknown"}


def test_the_scale_of_probabilities_is_the_same_for_every_answer() -> None:
    answers = (PROBABILITIES, {Species.DOG: 0.4, Species.UNKNOWN: 0.6})
    for answer in answers:
        bars = document(probability_chart(answer, ["dog"]))["layer"][0]
        assert bars["encoding"]["x"]["scale"] == {"domain": [0, 1]}


@pytest.mark.parametrize("present", [["dog"], ["unknown", "dog", "kangaroo"], list(COLOURS)])
def test_a_species_has_its_colour_whatever_stands_beside_it(present: list[str]) -> None:
    encoding: Any = species_colour(present).to_dict()
    scale = encoding["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == {name: COLOURS[name] for name in present}


def test_species_are_counted_from_the_most_frequent_down() -> None:
    frame = prediction_frame([prediction("dog"), prediction("chicken"), prediction("dog", 1), prediction("dog", 2)])
    drawn = rows(document(species_count_chart(frame)))
    assert [(row["species"], row["predictions"], row["share"]) for row in drawn] == [
        ("dog", 3, 0.75),
        ("chicken", 1, 0.25),
    ]


def test_the_legend_of_the_chart_over_time_picks_species() -> None:
    drawn = document(species_over_time_chart(prediction_frame([prediction()]), "UTC"))
    (parameter,) = drawn["params"]
    assert parameter["bind"] == "legend"
    assert parameter["select"]["fields"] == ["species"]


def test_nothing_to_count_draws_nothing_and_fails_nowhere() -> None:
    assert rows(document(species_count_chart(prediction_frame([])))) == []
