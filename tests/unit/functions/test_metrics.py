"""GET /metrics: CloudWatch's figures for whole periods of the requested time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.predict.read_metrics import MOST_POINTS, USUAL_POINTS
from menagerie.service_metrics import SERIES
from tests.fakes import Down, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import NOON
from tests.unit.functions.conftest import Send, assert_problem, predict_function

MINUTE = timedelta(minutes=1)


@pytest.fixture
def metrics() -> InMemoryMetrics:
    return InMemoryMetrics()


@pytest.fixture
def predict(metrics: InMemoryMetrics) -> Send:
    return predict_function(InMemoryRegistry(), InMemoryPredictions(), metrics=metrics, now=lambda: NOON)


def series(body: dict[str, Any], source: str, metric: str, statistic: str) -> list[tuple[str, float]]:
    (found,) = [s for s in body["series"] if (s["source"], s["metric"], s["statistic"]) == (source, metric, statistic)]
    return [(point["at"], point["value"]) for point in found["points"]]


def test_the_default_is_the_last_three_hours_by_the_minute(predict: Send, metrics: InMemoryMetrics) -> None:
    metrics.record("predict", "Invocations", NOON - 90 * MINUTE, 1, 1, 1)
    metrics.record("predict", "Duration", NOON - 90 * MINUTE, 10.0, 20.0, 60.0)
    metrics.record("api", "5XXError", NOON - 2 * MINUTE, 1)
    metrics.record("api", "5XXError", NOON - 181 * MINUTE, 1)
    body = predict("GET", "/metrics").json()
    assert (body["from"], body["to"], body["period_seconds"]) == ("2026-01-31T09:00:00Z", "2026-01-31T12:00:00Z", 60)
    assert series(body, "predict", "Invocations", "Sum") == [("2026-01-31T10:30:00Z", 3)]
    assert series(body, "predict", "Duration", "Average") == [("2026-01-31T10:30:00Z", 30)]
    assert series(body, "predict", "Duration", "Maximum") == [("2026-01-31T10:30:00Z", 60)]
    ((_, p95),) = series(body, "predict", "Duration", "p95")
    assert p95 == pytest.approx(56)
    assert series(body, "api", "5XXError", "Sum") == [("2026-01-31T11:58:00Z", 1)]


def test_every_series_is_returned_even_without_points(predict: Send) -> None:
    body = predict("GET", "/metrics").json()
    named = [(s["source"], s["metric"], s["statistic"], s["unit"]) for s in body["series"]]
    assert named == [(s.source, s.metric, s.statistic, s.unit) for s in SERIES]
    assert len(named) == 23
    assert all(each["points"] == [] for each in body["series"])


@pytest.mark.parametrize(
    ("query", "start", "end", "period"),
    [
        ("to=2026-01-31T10:00:30Z", "2026-01-31T07:00:00Z", "2026-01-31T10:01:00Z", 60),
        ("from=2026-01-31T11:07:00Z&period=600", "2026-01-31T11:00:00Z", "2026-01-31T12:00:00Z", 600),
        ("from=2026-01-31T11:07Z&to=2026-01-31T11:12Z&period=300", "2026-01-31T11:05:00Z", "2026-01-31T11:15:00Z", 300),
        ("from=2026-01-30T12:00:00Z", "2026-01-30T12:00:00Z", "2026-01-31T12:00:00Z", 600),
        ("from=2026-01-16T12:00:00%2B00:00", "2026-01-16T12:00:00Z", "2026-01-31T12:00:00Z", 7200),
    ],
)  # fmt: skip
def test_the_requested_time_is_widened_to_whole_periods(
    predict: Send, metrics: InMemoryMetrics, query: str, start: str, end: str, period: int
) -> None:
    body = predict("GET", f"/metrics?{query}").json()
    assert (body["from"], body["to"], body["period_seconds"]) == (start, end, period)
    (window,) = metrics.windows
    assert (window.start, window.end) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


@pytest.mark.parametrize("minutes", [1, 60, 200, 201, 24 * 60, 15 * 24 * 60])
def test_the_default_period_limits_the_points(predict: Send, metrics: InMemoryMetrics, minutes: int) -> None:
    assert predict("GET", f"/metrics?from={(NOON - minutes * MINUTE).isoformat()}").status == 200
    (window,) = metrics.windows
    assert (window.end - window.start).total_seconds() / window.period_seconds <= USUAL_POINTS + 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-01-31T12:00:00Z&to=2026-01-31T12:00:00Z", "from"),
        ("from=2026-01-31T13:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("to=0001-01-01T00:00:00Z", "to"),
        ("to=9999-12-31T23:59:59Z", "to"),
        ("from=0001-01-01T00:00:00Z", "from"),
        ("period=0", "period"),
        ("period=90", "period"),
        ("period=-60", "period"),
        ("period=86460", "period"),
        ("period=4323455642275676160", "period"),
        ("period=minute", "period"),
        ("from=2026-01-25T00:00:00Z&period=60", "period"),
    ],
)
def test_an_invalid_query_names_its_field(predict: Send, query: str, field: str) -> None:
    problem = assert_problem(predict("GET", f"/metrics?{query}"), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_day_by_the_minute_is_the_most(predict: Send) -> None:
    day = timedelta(minutes=MOST_POINTS)
    assert predict("GET", f"/metrics?from={(NOON - day).isoformat()}&period=60").status == 200
    assert_problem(predict("GET", f"/metrics?from={(NOON - day - MINUTE).isoformat()}&period=60"), 422)


def test_a_cloudwatch_that_is_down_is_a_503() -> None:
    predict = predict_function(InMemoryRegistry(), InMemoryPredictions(), metrics=Down())
    answer = predict("GET", "/metrics")
    assert_problem(answer, 503)
    assert Down.SECRET not in answer.text
    assert answer.headers["retry-after"]
