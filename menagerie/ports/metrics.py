"""The port for the metrics that the cloud records of this application."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from menagerie.service_metrics import Points, SeriesName


@dataclass(frozen=True, slots=True)
class MetricWindow:
    """A time range from `start` to before `end`, both multiples of the period."""

    start: datetime
    end: datetime
    period_seconds: int


class ServiceMetrics(Protocol):
    """Reads recorded metrics."""

    def read(self, window: MetricWindow) -> dict[SeriesName, Points]:
        """Return all `SERIES` in their order; raise Unavailable.

        The points of a series are sorted by time, each at the beginning of its period. A period without measurements
        has no point.
        """
        ...
