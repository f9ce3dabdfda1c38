"""Contract of the service metrics, tested on the fake and on the CloudWatch adapter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from menagerie.aws.clients import cloudwatch_client
from menagerie.aws.metrics import CloudWatchMetrics
from menagerie.errors import Unavailable
from menagerie.ports.metrics import MetricWindow, ServiceMetrics
from menagerie.service_metrics import SERIES, SeriesName
from tests.fakes import InMemoryMetrics
from tests.integration.aws_calls import count_calls

STACK = "zoo"
# Moto returns recent measurements only.
START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WINDOW = MetricWindow(START, START + 10 * MINUTE, 60)

Record = Callable[..., None]


def record_in_cloudwatch(source: str, metric: str, at: datetime, *values: float) -> None:
    """Record measurements under the names that AWS uses for a stack of this name."""
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
def recorded(request: pytest.FixtureRequest) -> tuple[ServiceMetrics, Record]:
    if request.param == "in memory":
        fake = InMemoryMetrics()
        return fake, fake.record
    return CloudWatchMetrics(cloudwatch_client, STACK), record_in_cloudwatch


def named(source: Any, metric: str, statistic: str) -> SeriesName:
    (found,) = [s for s in SERIES if (s.source, s.metric, s.statistic) == (source, metric, statistic)]
    return found


def test_all_series_are_returned_in_order(recorded: tuple[ServiceMetrics, Record]) -> None:
    metrics, _ = recorded
    series = metrics.read(MetricWindow(START - 20 * MINUTE, START - 10 * MINUTE, 60))
    assert list(series) == list(SERIES)
    assert not any(series.values())


@pytest.mark.parametrize(("source", "metric"), [("predict", "Invocations"), ("api", "5XXError")])
def test_measurements_of_a_period_are_one_point_at_its_start(
    recorded: tuple[ServiceMetrics, Record], source: str, metric: str
) -> None:
    metrics, record = recorded
    record(source, metric, START + 90 * timedelta(seconds=1), 1, 1)
    record(source, metric, START + 5 * MINUTE, 1)
    record(source, metric, START + 10 * MINUTE, 1)
    series = metrics.read(WINDOW)
    assert series[named(source, metric, "Sum")] == [(START + MINUTE, 2), (START + 5 * MINUTE, 1)]
    assert series[named("train", "Invocations", "Sum")] == []


def test_each_series_is_requested_by_the_names_of_aws() -> None:
    client = Paged()
    CloudWatchMetrics(lambda: client, STACK).read(WINDOW)
    requested = {_identity(query["MetricStat"]) for query in client.requests[0]["MetricDataQueries"]}
    assert len(requested) == len(SERIES)
    # Moto does not support percentiles; the end-to-end tests request them from the emulated cloud.
    assert ("AWS/Lambda", "zoo-predict", "Duration", "p95", 60) in requested
    assert ("AWS/Lambda", "zoo-train", "Errors", "Sum", 60) in requested
    assert ("AWS/ApiGateway", "zoo", "v1", "Latency", "p95", 60) in requested


def _identity(query: dict[str, Any]) -> tuple[Any, ...]:
    metric = query["Metric"]
    dimensions = [dimension["Value"] for dimension in metric["Dimensions"]]
    return (metric["Namespace"], *dimensions, metric["MetricName"], query["Stat"], query["Period"])


class Paged:
    """Responds in two pages, as CloudWatch does beyond 100,800 points; only the second has the second series."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.requests.append(dict(request))
        first, second = ({"Id": f"m{n}", "Timestamps": [START + n * MINUTE], "Values": [n + 1.0]} for n in (0, 1))
        if len(self.requests) == 1:
            return {"MetricDataResults": [first], "NextToken": "more"}
        later = {**first, "Timestamps": [START + 3 * MINUTE], "Values": [9.0]}
        return {"MetricDataResults": [later, second]}


def test_the_pages_of_a_response_are_combined() -> None:
    client = Paged()
    series = CloudWatchMetrics(lambda: client, STACK).read(WINDOW)
    assert [request.get("NextToken") for request in client.requests] == [None, "more"]
    assert series[SERIES[0]] == [(START, 1), (START + 3 * MINUTE, 9)]
    assert series[SERIES[1]] == [(START + MINUTE, 2)]


def test_the_first_read_creates_the_client_and_each_read_is_one_call() -> None:
    clients: list[Any] = []

    def connect() -> Any:
        clients.append(cloudwatch_client())
        return clients[-1]

    metrics = CloudWatchMetrics(connect, STACK)
    assert clients == []
    metrics.read(WINDOW)
    sent = count_calls(clients[0])
    metrics.read(WINDOW)
    assert len(clients) == 1
    assert sent == ["GetMetricData"]


def test_an_error_of_cloudwatch_is_unavailable() -> None:
    metrics = CloudWatchMetrics(cloudwatch_client, STACK)
    with pytest.raises(Unavailable, match="CloudWatch"):
        metrics.read(MetricWindow(START, START, 60))


def test_a_refused_connection_to_cloudwatch_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="CloudWatch"):
        CloudWatchMetrics(cloudwatch_client, STACK).read(WINDOW)
