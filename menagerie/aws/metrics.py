"""The metrics that CloudWatch records for the functions and the API, read by one GetMetricData."""

from collections.abc import Callable
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from menagerie.aws.errors import aws_errors
from menagerie.ports.metrics import MetricWindow, ServiceMetrics
from menagerie.service_metrics import SERIES, Points, SeriesName

if TYPE_CHECKING:
    from menagerie.aws.clients import CloudWatchClient

# template.yaml names the functions `<stack>-<source>`, and the API like the stack.
STAGE = "v1"


class CloudWatchMetrics(ServiceMetrics):
    """The metrics of one stack."""

    def __init__(self, connect: "Callable[[], CloudWatchClient]", stack_name: str) -> None:
        """Take a function that creates the client, which is called by the first `read`, and the name of the stack."""
        self._connect = connect
        self._stack = stack_name

    @override
    def read(self, window: MetricWindow) -> dict[SeriesName, Points]:
        queries = [self._query(f"m{place}", name, window.period_seconds) for place, name in enumerate(SERIES)]
        points: dict[str, Points] = {query["Id"]: [] for query in queries}
        request: dict[str, Any] = {
            "MetricDataQueries": queries,
            "StartTime": window.start,
            "EndTime": window.end,
            "ScanBy": "TimestampAscending",
        }
        with aws_errors("CloudWatch"):
            while True:
                answer = self._client.get_metric_data(**request)
                for result in answer["MetricDataResults"]:
                    times = (moment.astimezone(UTC) for moment in result["Timestamps"])
                    points[result["Id"]] += zip(times, result["Values"], strict=True)
                if not answer.get("NextToken"):
                    break
                request["NextToken"] = answer["NextToken"]
        return dict(zip(SERIES, points.values(), strict=True))

    @cached_property
    def _client(self) -> "CloudWatchClient":
        return self._connect()

    def _query(self, query_id: str, name: SeriesName, period_seconds: int) -> dict[str, Any]:
        if name.source == "api":
            namespace, dimensions = "AWS/ApiGateway", {"ApiName": self._stack, "Stage": STAGE}
        else:
            namespace, dimensions = "AWS/Lambda", {"FunctionName": f"{self._stack}-{name.source}"}
        metric = {
            "Namespace": namespace,
            "MetricName": name.metric,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        }
        return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period_seconds, "Stat": name.statistic}}
