"""Charts of the running service: stacked counts in local time, over the whole time span."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from frontend.api.transport import Call
from frontend.charts.operations import (
    SOURCES,
    durations_chart,
    durations_frame,
    errors_chart,
    errors_frame,
    latency_chart,
    runs_chart,
    runs_frame,
)
from frontend.pages.monitor import route_frame
from menagerie.animal import KNOWN_SPECIES
from menagerie.api import CloudMetrics
from tests.unit.frontend.examples import NOON

MINUTE = timedelta(minutes=1)


def metrics(**counted: list[tuple[int, float]]) -> CloudMetrics:
    """Return ten minutes of metrics; `predict_Errors=[(3, 2)]` means that two runs failed in the third minute."""
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


def test_runs_are_stacked_by_function_and_empty_periods_are_left_out() -> None:
    frame = runs_frame(metrics(predict_Invocations=[(0, 5), (3, 2)], train_Invocations=[(0, 1), (4, 0)]), "UTC")
    stacked = frame[["kind", "count", "bottom", "top"]].to_numpy().tolist()
    assert stacked == [["predict", 5, 0, 5], ["train", 1, 5, 6], ["predict", 2, 0, 2]]
    assert set(frame["end"] - frame["start"]) == {pd.Timedelta(minutes=1)}


def test_times_are_local_times_of_the_visitor() -> None:
    frame = runs_frame(metrics(predict_Invocations=[(0, 5)]), "Asia/Tokyo")
    assert frame["start"][0] == pd.Timestamp("2026-01-31 21:00")


def test_errors_of_all_functions_are_summed_by_kind() -> None:
    counted = metrics(predict_Errors=[(1, 1)], train_Errors=[(1, 2)], retrain_Throttles=[(2, 4)], api_5XXError=[(1, 1)])
    frame = errors_frame(counted, "UTC")
    assert frame[["kind", "count", "bottom"]].to_numpy().tolist() == [
        ["failed run", 3, 0],
        ["server error (5xx)", 1, 3],
        ["throttled run", 4, 0],
    ]


def test_periods_without_errors_are_left_out() -> None:
    assert errors_frame(metrics(predict_Errors=[(0, 0), (1, 0)], api_4XXError=[(0, 0)]), "UTC").empty


def test_a_line_of_durations_is_interrupted_where_there_are_no_runs() -> None:
    counted = metrics(predict_Duration_p95=[(0, 20.0), (2, 30.0)], predict_Duration_Average=[(0, 10.0)])
    frame = durations_frame(counted, "UTC")
    assert len(frame) == 10
    assert frame["p95"].isna().tolist() == [False, True, False, *[True] * 7]
    assert frame["mean"][0] == 10
    assert set(frame["source"]) == {"predict"}


def test_each_function_and_the_api_have_colours_that_no_species_has() -> None:
    assert len(set(SOURCES.values())) == len(SOURCES)
    assert not set(SOURCES.values()) & {species.colour for species in KNOWN_SPECIES}


@pytest.mark.parametrize("draw", [runs_chart, errors_chart, durations_chart])
def test_a_chart_shows_the_whole_time_span_also_without_data(draw: Any) -> None:
    counted = metrics(predict_Invocations=[(3, 1)], predict_Errors=[(3, 1)], api_Latency_p95=[(3, 9.0)])
    for shown in (counted, metrics()):
        drawn = draw(shown, "UTC").to_dict()
        assert drawn["encoding"]["x"]["scale"]["domain"] == ["2026-01-31T12:00:00", "2026-01-31T12:10:00"]


def test_latency_is_summarized_by_route_with_failures() -> None:
    calls = [
        Call(NOON, "GET /health", 200, 10),
        Call(NOON, "GET /health", 503, 30),
        Call(NOON, "POST /predict", None, 3000),
    ]
    summary = route_frame(calls).set_index("route")
    assert list(summary.loc["GET /health", ["calls", "failed", "median"]]) == [2, 1, 20]
    assert summary.loc["POST /predict", "failed"] == 1
    (rows,) = latency_chart(calls, "UTC").to_dict()["datasets"].values()
    assert [row["status"] for row in rows] == ["200", "503", "no response"]
