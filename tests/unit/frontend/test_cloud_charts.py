"""Charts of what the cloud counted: stacked, in the visitor's time, over all of the time asked for."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from frontend.charts.operations import (
    SOURCES,
    runs_chart,
    runs_frame,
    times_chart,
    times_frame,
    troubles_chart,
    troubles_frame,
)
from frontend.species import COLOURS
from menagerie.api import CloudMetrics
from tests.unit.frontend.examples import NOON

MINUTE = timedelta(minutes=1)


def metrics(**counted: list[tuple[int, float]]) -> CloudMetrics:
    """Return ten minutes of metrics; `predict_Errors=[(3, 2)]` says that two runs failed in the third minute."""
    series = []
    for name, points in counted.items():
        source, metric, *statistic = name.split("_")
        series.append(
            {
                "source": source,
                "metric": metric,
                "statistic": statistic[0] if statistic else "Sum",
                "unit": "milliseconds" if statistic else "count",
                "points": [{"at": NOON + minute * MINUTE, "value": value} for minute, value in points],
            }
        )
    document = {"from": NOON, "to": NOON + 10 * MINUTE, "period_seconds": 60, "series": series}
    return CloudMetrics.model_validate(document)


def test_runs_are_stacked_by_function_and_periods_without_any_are_left_out() -> None:
    frame = runs_frame(metrics(predict_Invocations=[(0, 5), (3, 2)], train_Invocations=[(0, 1), (4, 0)]), "UTC")
    told = frame[["kind", "count", "bottom", "top"]].to_numpy().tolist()
    assert told == [["predict", 5, 0, 5], ["train", 1, 5, 6], ["predict", 2, 0, 2]]
    assert set(frame["end"] - frame["start"]) == {pd.Timedelta(minutes=1)}


def test_times_stand_on_the_visitors_clock() -> None:
    frame = runs_frame(metrics(predict_Invocations=[(0, 5)]), "Asia/Tokyo")
    assert frame["start"][0] == pd.Timestamp("2026-01-31 21:00")


def test_troubles_of_all_functions_are_summed_by_kind() -> None:
    counted = metrics(predict_Errors=[(1, 1)], train_Errors=[(1, 2)], retrain_Throttles=[(2, 4)], api_5XXError=[(1, 1)])
    frame = troubles_frame(counted, "UTC")
    assert frame[["kind", "count", "bottom"]].to_numpy().tolist() == [
        ["run failed", 3, 0],
        ["error (5xx)", 1, 3],
        ["throttled", 4, 0],
    ]


def test_zeros_are_no_trouble() -> None:
    assert troubles_frame(metrics(predict_Errors=[(0, 0), (1, 0)], api_4XXError=[(0, 0)]), "UTC").empty


def test_a_line_of_times_does_not_run_across_periods_without_any() -> None:
    counted = metrics(predict_Duration_p95=[(0, 20.0), (2, 30.0)], predict_Duration_Average=[(0, 10.0)])
    frame = times_frame(counted, "UTC")
    assert len(frame) == 10
    assert frame["p95"].isna().tolist() == [False, True, False, *[True] * 7]
    assert frame["mean"][0] == 10
    assert set(frame["source"]) == {"predict"}


def test_each_function_and_the_api_have_colours_that_no_species_has() -> None:
    assert len(set(SOURCES.values())) == len(SOURCES)
    assert not set(SOURCES.values()) & (set(COLOURS.values()) - {COLOURS["unknown"]})


@pytest.mark.parametrize("draw", [runs_chart, troubles_chart, times_chart])
def test_a_chart_shows_all_of_the_time_also_where_nothing_happened(draw: Any) -> None:
    counted = metrics(predict_Invocations=[(3, 1)], predict_Errors=[(3, 1)], api_Latency_p95=[(3, 9.0)])
    for shown in (counted, metrics()):
        drawn = draw(shown, "UTC").to_dict()
        assert drawn["encoding"]["x"]["scale"]["domain"] == ["2026-01-31T12:00:00", "2026-01-31T12:10:00"]
