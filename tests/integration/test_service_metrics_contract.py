"""What every service that counts does: the fake of the unit tests and the adapter of CloudWatch alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from menagerie.aws.clients import cloudwatch_client
from menagerie.aws.metrics import CloudWatchMetrics
from menagerie.errors import Unavailable
from menagerie.service_metrics import SERIES, MetricWindow, SeriesName, ServiceMetrics
from tests.fakes import InMemoryMetrics
from tests.integration.aws_calls import count_calls

STACK = "zoo"
# Moto keeps what was measured lately, and nothing else.
START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WINDOW = MetricWindow(START, START + 10 * MINUTE, 60)

Record = Callable[..., None]


def record_in_cloudwatch(source: str, metric: str, at: datetime, *values: float) -> None:
    """Put figures where AWS puts those of a stack of that name."""
    if source == "api":
        namespace, dimensions = "AWS/ApiGateway", {"ApiName": STACK, "Stage": "v1"}
    else:
        namespace, dimensions = "AWS/Lambda", {"FunctionName": f"{STACK}-{source}"}
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    boto3.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": metric, "Dimensions": named, "Timestamp": at, "Value": v} for v in values],
    )


pytestmark = pytest.mark.usefixtures("clients")


@pytest.fixture(params=["in memory", "CloudWatch"])
def counted(request: pytest.FixtureRequest) -> tuple[ServiceMetrics, Record]:
    if request.param == "in memory":
        fake = InMemoryMetrics()
        return fake, fake.record
    return CloudWatchMetrics(cloudwatch_client, STACK), record_in_cloudwatch


def named(source: Any, metric: str, statistic: str) -> SeriesName:
    (found,) = [s for s in SERIES if (s.source, s.metric, s.statistic) == (source, metric, statistic)]
    return found


def test_every_series_is_there_in_its_order(counted: tuple[ServiceMetrics, Record]) -> None:
    metrics, _ = counted
    found = metrics.read(MetricWindow(START - 20 * MINUTE, START - 10 * MINUTE, 60))
    assert list(found) == list(SERIES)
    assert not any(found.values())


@pytest.mark.parametrize(("source", "metric"), [("predict", "Invocations"), ("api", "5XXError")])
def test_measurements_of_a_period_become_one_point_at_its_beginning(
    counted: tuple[ServiceMetrics, Record], source: str, metric: str
) -> None:
    metrics, record = counted
    record(source, metric, START + 90 * timedelta(seconds=1), 1, 1)
    record(source, metric, START + 5 * MINUTE, 1)
    record(source, metric, START + 10 * MINUTE, 1)
    found = metrics.read(WINDOW)
    assert found[named(source, metric, "Sum")] == [(START + MINUTE, 2), (START + 5 * MINUTE, 1)]
    assert found[named("train", "Invocations", "Sum")] == []


def test_each_figure_is_asked_for_where_aws_keeps_it() -> None:
    client = Paged()
    CloudWatchMetrics(lambda: client, STACK).read(WINDOW)
    asked = {_place(query["MetricStat"]) for query in client.asked[0]["MetricDataQueries"]}
    assert len(asked) == len(SERIES)
    # Moto knows no percentiles, so these are asked of the emulated cloud only, by the end-to-end tests.
    assert ("AWS/Lambda", "zoo-predict", "Duration", "p95", 60) in asked
    assert ("AWS/Lambda", "zoo-train", "Errors", "Sum", 60) in asked
    assert ("AWS/ApiGateway", "zoo", "v1", "Latency", "p95", 60) in asked


def _place(asked: dict[str, Any]) -> tuple[Any, ...]:
    metric = asked["Metric"]
    dimensions = [dimension["Value"] for dimension in metric["Dimensions"]]
    return (metric["Namespace"], *dimensions, metric["MetricName"], asked["Stat"], asked["Period"])


class Paged:
    """Answers in two pages, as CloudWatch does beyond 100,800 points, and a second query only on the second."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked.append(dict(request))
        first, second = ({"Id": f"m{n}", "Timestamps": [START + n * MINUTE], "Values": [n + 1.0]} for n in (0, 1))
        if len(self.asked) == 1:
            return {"MetricDataResults": [first], "NextToken": "more"}
        later = {**first, "Timestamps": [START + 3 * MINUTE], "Values": [9.0]}
        return {"MetricDataResults": [later, second]}


def test_an_answer_in_pages_is_put_together() -> None:
    client = Paged()
    found = CloudWatchMetrics(lambda: client, STACK).read(WINDOW)
    assert [request.get("NextToken") for request in client.asked] == [None, "more"]
    assert found[SERIES[0]] == [(START, 1), (START + 3 * MINUTE, 9)]
    assert found[SERIES[1]] == [(START + MINUTE, 2)]


def test_a_client_is_made_by_the_first_question_and_all_of_it_is_one_call() -> None:
    made: list[Any] = []

    def connect() -> Any:
        made.append(cloudwatch_client())
        return made[-1]

    metrics = CloudWatchMetrics(connect, STACK)
    assert made == []
    metrics.read(WINDOW)
    sent = count_calls(made[0])
    metrics.read(WINDOW)
    assert len(made) == 1
    assert sent == ["GetMetricData"]


def test_a_cloudwatch_that_refuses_is_unavailable() -> None:
    metrics = CloudWatchMetrics(cloudwatch_client, STACK)
    with pytest.raises(Unavailable, match="CloudWatch"):
        metrics.read(MetricWindow(START, START, 60))


def test_a_cloudwatch_that_cannot_be_reached_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="CloudWatch"):
        CloudWatchMetrics(cloudwatch_client, STACK).read(WINDOW)
