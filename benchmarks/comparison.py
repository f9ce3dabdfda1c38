"""Two things measured in one run: ours, a rival or a limit beside it, their ratio, and what it should reach."""

import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from benchmarks.report import RESULTS, machine


@dataclass(frozen=True, slots=True)
class Figure:
    """Several runs of one thing: the median and the quartiles around it."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Summarise at least one value, in whatever unit they have."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line of the table."""

    what: str
    rival: str
    unit: str
    ours: Figure
    theirs: Figure
    reach: float
    """The ratio is to stay at or below this."""
    more: dict[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ours by theirs, of the medians."""
        return self.ours.median / self.theirs.median

    @property
    def reached(self) -> bool:
        """Whether the ratio is within reach."""
        return self.ratio <= self.reach


def interleave(runs: int, *measured: Callable[[], object], warm_up: int = 1) -> list[list[float]]:
    """Run several things by turns and return the milliseconds of each.

    By turns, because a shared machine is slow and fast by spells: both get the same share of either.
    """
    for run in measured:
        for _ in range(warm_up):
            run()
    taken: list[list[float]] = [[] for _ in measured]
    gc.collect()
    for _ in range(runs):
        for run, times in zip(measured, taken, strict=True):
            started = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - started))
    return taken


def tell(name: str, comparisons: Sequence[Comparison]) -> None:
    """Print comparisons as a table and leave them in build/benchmarks/<name>.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": machine(),
        "comparisons": [{**asdict(each), "ratio": each.ratio, "reached": each.reached} for each in comparisons],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    Console(width=150).print(table_of(comparisons, name))


def table_of(comparisons: Sequence[Comparison], title: str) -> Table:
    """Return comparisons as a table; figures are medians, with their quartiles."""
    table = Table("what", "ours", "beside it", "", "ratio", "reach", title=title, title_justify="left")
    for each in comparisons:
        mark = "[green]yes[/]" if each.reached else "[red]no[/]"
        table.add_row(
            each.what,
            _told(each.ours, each.unit),
            _told(each.theirs, each.unit),
            each.rival,
            f"{each.ratio:.2f}",
            f"≤ {each.reach:g} {mark}",
        )
    return table


def _told(figure: Figure, unit: str) -> str:
    spread = f" ({figure.low:,.3g}-{figure.high:,.3g})" if figure.runs > 1 else ""
    return f"{figure.median:,.3g} {unit}{spread}"
