"""How a measurement is told: medians with their spread, and the machine they were taken on."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).resolve().parent.parent / "build" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Timing:
    """Several runs of one thing, in milliseconds."""

    what: str
    runs: int
    median: float
    p99: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, what: str, seconds: Sequence[float]) -> "Timing":
        """Summarise runs given in seconds."""
        ms = sorted(1000 * s for s in seconds)
        return cls(what, len(ms), statistics.median(ms), ms[min(len(ms) - 1, int(0.99 * len(ms)))], ms[0], ms[-1])


def machine() -> dict[str, str | int | None]:
    """Say where the figures come from."""
    return {"system": platform.platform(), "python": platform.python_version(), "cpus": os.cpu_count()}


def show(title: str, timings: Sequence[Timing], **more: object) -> None:
    """Print a table and write <title>.json."""
    table = Table("what", "runs", "median ms", "p99 ms", "min", "max", title=title)
    for t in timings:
        table.add_row(t.what, str(t.runs), *(f"{value:.1f}" for value in (t.median, t.p99, t.minimum, t.maximum)))
    Console(width=120).print(table)
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine(), "timings": [asdict(t) for t in timings], **more}
    (RESULTS / f"{title}.json").write_text(json.dumps(document, indent=2) + "\n")
