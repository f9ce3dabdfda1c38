"""The cloud's own figures from CloudWatch: everything that is shown, by one GetMetricData."""

from collections.abc import Callable
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from menagerie.aws.errors import aws_errors
from menagerie.service_metrics import SERIES, MetricWindow, Points, SeriesName

if TYPE_CHECKING:
    from menagerie.aws.clients import CloudWatchClient

# As template.yaml names them: functions `<stack>-<source>`, the API like the stack.
STAGE = "v1"


class CloudWatchMetrics:
    """Fills `ServiceMetrics` for the functions and the API of one stack."""

    def __init__(self, connect: "Callable[[], CloudWatchClient]", stack_name: str) -> None:
        """Take what makes a client, which is done when the first question comes, and the name of the stack."""
        self._connect = connect
        self._stack = stack_name

    def read(self, window: MetricWindow) -> dict[SeriesName, Points]:
        """Return all `SERIES` in their order, oldest points first, none where nothing happened; raise Unavailable."""
        queries = [self._query(f"m{place}", name, window.period_seconds) for place, name in enumerate(SERIES)]
        found: dict[str, Points] = {query["Id"]: [] for query in queries}
        asked: dict[str, Any] = {
            "MetricDataQueries": queries,
            "StartTime": window.start,
            "EndTime": window.end,
            "ScanBy": "TimestampAscending",
        }
        with aws_errors("CloudWatch"):
            while True:
                answer = self._client.get_metric_data(**asked)
                for result in answer["MetricDataResults"]:
                    at = (moment.astimezone(UTC) for moment in result["Timestamps"])
                    found[result["Id"]] += zip(at, result["Values"], strict=True)
                if not answer.get("NextToken"):
                    break
                asked["NextToken"] = answer["NextToken"]
        return dict(zip(SERIES, found.values(), strict=True))

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
