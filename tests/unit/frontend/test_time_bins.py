"""Stretches of time: narrow enough to see something, wide enough to stay few, right in every zone."""

from datetime import timedelta

import pandas as pd
import pytest

from frontend.charts.predictions import FEWEST_BINS, MOST_BINS, bin_width, stacked_counts
from frontend.tables.predictions import prediction_frame
from tests.unit.frontend.examples import prediction


def counts(*predictions_at: tuple[str, float], timezone: str = "UTC") -> pd.DataFrame:
    return stacked_counts(prediction_frame([prediction(name, at) for name, at in predictions_at]), timezone)


@pytest.mark.parametrize("minutes", [0.0, 1, 7, 60, 1_000, 50_000, 3_000_000])
def test_a_span_never_takes_too_many_bars(minutes: float) -> None:
    times = prediction_frame([prediction(minutes=0), prediction(minutes=minutes)])["created_at"]
    assert timedelta(minutes=minutes) / bin_width(times).to_pytimedelta() <= MOST_BINS


def test_a_wider_span_takes_wider_bars() -> None:
    spans = (0, 30, 600, 5_000, 100_000)
    widths = [bin_width(prediction_frame([prediction(), prediction(minutes=m)])["created_at"]) for m in spans]
    assert widths == sorted(set(widths))


def test_species_of_the_same_stretch_stand_on_each_other() -> None:
    drawn = counts(("dog", 0), ("chicken", 0), ("dog", 0.01))
    stacked = drawn[drawn["predictions"] > 0]
    assert list(zip(stacked["species"], stacked["bottom"], stacked["top"], strict=True)) == [
        ("chicken", 0, 1),
        ("dog", 1, 3),
    ]


def test_no_row_is_lost() -> None:
    many = [("dog" if i % 3 else "elephant", i * 17.3) for i in range(200)]
    assert counts(*many)["predictions"].sum() == 200


def test_a_single_prediction_stays_one_bar_among_many() -> None:
    drawn = counts(("dog", 0))
    span = drawn["end"].max() - drawn["start"].min()
    assert span / (drawn["end"] - drawn["start"]).iloc[0] >= FEWEST_BINS


def test_times_are_those_of_the_visitors_clock() -> None:
    drawn = counts(("dog", 0), timezone="Asia/Tokyo")
    assert drawn.loc[drawn["predictions"] > 0, "start"].tolist() == [pd.Timestamp("2026-01-31 21:00")]


def test_the_hour_that_a_clock_shows_twice_is_no_trouble() -> None:
    minutes_to_october = (31 + 28 + 31 + 30 + 31 + 30 + 31 + 31 + 24 - 31) * 24 * 60 + 12.5 * 60
    drawn = counts(*(("dog", minutes_to_october + m) for m in range(0, 180, 10)), timezone="Europe/Madrid")
    assert drawn["predictions"].sum() == 18
