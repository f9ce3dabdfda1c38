"""Rows counted by species and by stretches of time: pure functions on data frames."""

import pandas as pd

MOST_BINS = 48
FEWEST_BINS = 16
BIN_WIDTHS = tuple(
    pd.Timedelta(width) for width in ("10s", "1min", "5min", "15min", "1h", "6h", "1D", "7D", "30D", "365D")
)


def stacked_counts(frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Count rows by stretch of time and species, one species stacked on the other.

    `frame` has at least one row, `created_at` with a zone, and `species`. The answer has `start` and `end` on the wall
    clock of `timezone`, without a zone so that a chart shows them as they are in any browser; `species`,
    `predictions`, and `bottom` and `top` of the stack.
    """
    local = frame["created_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    width = bin_width(local)
    binned = frame.assign(start=local.dt.floor(width))
    counted = binned.groupby(["start", "species"], sort=True).size().reset_index(name="predictions")
    counted = _with_room(counted, width)
    counted["end"] = counted["start"] + width
    counted["top"] = counted.groupby("start")["predictions"].cumsum()
    counted["bottom"] = counted["top"] - counted["predictions"]
    return counted


def bin_width(times: pd.Series) -> pd.Timedelta:
    """Return the narrowest width of `BIN_WIDTHS` that shows the span of the times in `MOST_BINS` bars or fewer."""
    span = times.max() - times.min() if len(times) else pd.Timedelta(0)
    return next((width for width in BIN_WIDTHS if span <= MOST_BINS * width), BIN_WIDTHS[-1])


def activity_frame(frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Sum predictions up by stretch of time.

    `frame` has `created_at` with a zone, `confidence` and `request`. The answer has `start`, `middle` and `end` on the
    wall clock of `timezone`, `predictions`, `requests`, `confidence` (mean) and `least_sure` (its tenth percentile).
    """
    local = frame["created_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    width = bin_width(local)
    grouped = frame.assign(start=local.dt.floor(width)).groupby("start")
    binned = grouped.agg(
        predictions=("request", "size"),
        requests=("request", "nunique"),
        confidence=("confidence", "mean"),
        least_sure=("confidence", lambda values: values.quantile(0.1)),
    ).reset_index()
    binned["middle"], binned["end"] = binned["start"] + width / 2, binned["start"] + width
    return binned


def _with_room(counted: pd.DataFrame, width: pd.Timedelta) -> pd.DataFrame:
    """Add an empty bar before the first and after the last, so that a single bar stays a bar among `FEWEST_BINS`."""
    first, last = counted["start"].min(), counted["start"].max()
    missing = max(FEWEST_BINS - ((last - first) // width + 1), 2)
    edges = [first - (missing // 2) * width, last + (missing - missing // 2) * width]
    empty = pd.DataFrame({"start": edges, "species": counted["species"].iloc[0], "predictions": 0})
    return pd.concat([empty.iloc[:1], counted, empty.iloc[1:]], ignore_index=True)
