"""The metrics that the cloud records of this application, by their names in CloudWatch."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["predict", "retrain", "train", "api"]
Unit = Literal["count", "milliseconds"]
Points = list[tuple[datetime, float]]

FUNCTIONS: tuple[Source, ...] = ("predict", "retrain", "train")


class SeriesName(BaseModel):
    """The name of one time series; metrics and statistics have the names of CloudWatch."""

    model_config = ConfigDict(frozen=True)

    source: Annotated[Source, Field(description="A function, or the REST API.")]
    metric: Annotated[str, Field(examples=["Duration"])]
    statistic: Annotated[str, Field(examples=["p95"], description="How the measurements of a period are combined.")]
    unit: Unit


def _series(source: Source) -> list[SeriesName]:
    counted, timed = _API if source == "api" else _FUNCTION
    counts = [SeriesName(source=source, metric=name, statistic="Sum", unit="count") for name in counted]
    metric, *statistics = timed
    times = [SeriesName(source=source, metric=metric, statistic=how, unit="milliseconds") for how in statistics]
    return counts + times


_FUNCTION = (("Invocations", "Errors", "Throttles"), ("Duration", "Average", "p95", "Maximum"))
_API = (("Count", "4XXError", "5XXError"), ("Latency", "Average", "p95"))
SERIES: tuple[SeriesName, ...] = tuple(name for source in (*FUNCTIONS, "api") for name in _series(source))
