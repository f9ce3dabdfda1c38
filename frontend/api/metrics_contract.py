"""What the API tells of CloudWatch, as typed values. Parsing raises KeyError, TypeError or ValueError for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from frontend.api.contract import Json

FUNCTIONS = ("predict", "retrain", "train")
API = "api"


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of a function or of the API over time; a period in which nothing happened has no point."""

    source: str
    metric: str
    statistic: str
    points: tuple[tuple[datetime, float], ...]
    """The beginning of each period and its value: a count, or milliseconds."""


@dataclass(frozen=True, slots=True)
class CloudMetrics:
    """What the cloud itself counted in a stretch of time."""

    start: datetime
    end: datetime
    period_s: int
    series: Sequence[Series]

    def of(self, source: str, metric: str, statistic: str = "Sum") -> tuple[tuple[datetime, float], ...]:
        """Return the points of one figure, none if it was not counted."""
        wanted = (source, metric, statistic)
        found = (each.points for each in self.series if (each.source, each.metric, each.statistic) == wanted)
        return next(found, ())

    def total(self, source: str, metric: str) -> int:
        """Return how often something was counted in all of the time."""
        return round(sum(value for _, value in self.of(source, metric)))


def parse_metrics(body: Json) -> CloudMetrics:
    """Read the answer of `GET /metrics`."""
    return CloudMetrics(
        start=datetime.fromisoformat(body["from"]),
        end=datetime.fromisoformat(body["to"]),
        period_s=int(body["period_seconds"]),
        series=[
            Series(
                source=str(each["source"]),
                metric=str(each["metric"]),
                statistic=str(each["statistic"]),
                points=tuple((datetime.fromisoformat(point["at"]), float(point["value"])) for point in each["points"]),
            )
            for each in body["series"]
        ],
    )
