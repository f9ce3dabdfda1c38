"""Combine the latest results of all comparisons in one table and in build/benchmarks/summary.json."""

import json
import sys
from typing import Any

from rich.console import Console

from benchmarks.comparison import Comparison, Figure, table_of
from benchmarks.report import RESULTS, machine


def main() -> None:
    """Combine the results of the benchmarks in the arguments, in their order."""
    found = [_read(name) for name in sys.argv[1:]]
    comparisons = [each for document in found for each in document["comparisons"]]
    (RESULTS / "summary.json").write_text(
        json.dumps({"machine": machine(), "comparisons": comparisons}, indent=2) + "\n",
        encoding="utf-8",
    )
    document = machine()
    Console(width=150).print(
        table_of(
            [_comparison(each) for each in comparisons],
            f"{document['processor']}, {document['cpus']} CPUs, {document['system']}, Python {document['python']}",
        )
    )
    missed = sum(not each["met"] for each in comparisons)
    print(f"{len(comparisons) - missed} of {len(comparisons)} targets met; results in {RESULTS / 'summary.json'}")


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _comparison(document: dict[str, Any]) -> Comparison:
    ours, theirs = Figure(**document["ours"]), Figure(**document["theirs"])
    return Comparison(document["what"], document["rival"], document["unit"], ours, theirs, document["target"])


if __name__ == "__main__":
    main()
