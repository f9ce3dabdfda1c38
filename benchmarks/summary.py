"""The last figures of all comparisons as one table, and as build/benchmarks/summary.json."""

import json
import sys
from typing import Any

from rich.console import Console

from benchmarks.comparison import Comparison, Figure, table_of
from benchmarks.report import RESULTS, machine


def main() -> None:
    """Put the files of the benchmarks that are named together, in their order."""
    found = [_read(name) for name in sys.argv[1:]]
    comparisons = [each for document in found for each in document["comparisons"]]
    (RESULTS / "summary.json").write_text(
        json.dumps({"machine": machine(), "comparisons": comparisons}, indent=2) + "\n",
        encoding="utf-8",
    )
    told = machine()
    Console(width=150).print(
        table_of(
            [_comparison(each) for each in comparisons],
            f"{told['processor']}, {told['cpus']} CPUs, {told['system']}, Python {told['python']}",
        )
    )
    missed = sum(not each["reached"] for each in comparisons)
    print(f"{len(comparisons) - missed} of {len(comparisons)} within reach; figures in {RESULTS / 'summary.json'}")


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _comparison(told: dict[str, Any]) -> Comparison:
    ours, theirs = Figure(**told["ours"]), Figure(**told["theirs"])
    return Comparison(told["what"], told["rival"], told["unit"], ours, theirs, told["reach"])


if __name__ == "__main__":
    main()
