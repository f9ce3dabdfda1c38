"""Compare our measurement with an alternative or a limit in the same run: the ratio and its target."""

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
    """Median and quartiles of several runs."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Summarise at least one value; all values have the same unit."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the table."""

    what: str
    rival: str
    unit: str
    ours: Figure
    theirs: Figure
    target: float
    """The highest acceptable ratio."""
    more: dict[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ratio of the medians, ours to theirs."""
        return self.ours.median / self.theirs.median

    @property
    def met(self) -> bool:
        """Whether the ratio meets the target."""
        return self.ratio <= self.target


def interleave(runs: int, *measured: Callable[[], object], warm_up: int = 1) -> list[list[float]]:
    """Run functions in alternation and return the milliseconds of each run.

    The speed of a shared machine varies with time; in alternation, all functions have the same conditions.
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


def write_report(name: str, comparisons: Sequence[Comparison]) -> None:
    """Print comparisons as a table and write them to build/benchmarks/<name>.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": machine(),
        "comparisons": [{**asdict(each), "ratio": each.ratio, "met": each.met} for each in comparisons],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    Console(width=150).print(table_of(comparisons, name))


def table_of(comparisons: Sequence[Comparison], title: str) -> Table:
    """Return comparisons as a table of medians with quartiles."""
    table = Table("what", "ours", "beside it", "", "ratio", "target", title=title, title_justify="left")
    for each in comparisons:
        mark = "[green]yes[/]" if each.met else "[red]no[/]"
        table.add_row(
            each.what,
            _text(each.ours, each.unit),
            _text(each.theirs, each.unit),
            each.rival,
            f"{each.ratio:.2f}",
            f"≤ {each.target:g} {mark}",
        )
    return table


def _text(figure: Figure, unit: str) -> str:
    spread = f" ({figure.low:,.3g}-{figure.high:,.3g})" if figure.runs > 1 else ""
    return f"{figure.median:,.3g} {unit}{spread}"
