"""Compare time and memory of a whole training with a fit of scikit-learn, for different numbers of rows."""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks.comparison import Comparison, Figure, write_report

# Trees of the random forest. A hundred trees take minutes with a million rows, so there it is one.
ROWS_AND_TREES = ((1_000, 100), (10_000, 100), (100_000, 100), (1_000_000, 1))
RUNS = 3


def train_once(n: int) -> dict[str, float]:
    """Label, train, evaluate and export with n rows; return the seconds without imports and the peak memory in MB."""
    import training.model.flat_top  # noqa: F401
    import training.model.onnx_export  # noqa: F401 - imported before the measurement
    from tests.model.worlds import World, as_received, draw
    from training.pipeline import train
    from training.rows import Origin

    rows = as_received(draw(World(), n, seed=0)[0])
    seconds = _seconds(lambda: train(rows, source=Origin("dataset"), created_at=datetime.now(UTC)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"seconds": seconds, "peak_mb": peak}


def fit_once(n: int, trees: int) -> dict[str, float]:
    """Fit a random forest to n labelled rows; return the seconds without imports."""
    from sklearn.ensemble import RandomForestClassifier

    from tests.model.worlds import World, draw

    rows, truth = draw(World(), n, seed=0)
    forest = RandomForestClassifier(trees, random_state=0)
    return {"seconds": _seconds(lambda: forest.fit(rows, truth))}


def main() -> None:
    """Measure each number of rows in alternation, each run in a new process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="train this many once and print it as JSON")
    parser.add_argument("--trees", type=int, help="with --rows: fit a random forest with this many trees instead")
    arguments = parser.parse_args()
    if arguments.rows is not None:
        print(json.dumps(fit_once(arguments.rows, arguments.trees) if arguments.trees else train_once(arguments.rows)))
        return
    write_report("training_growth", [_compared(n, trees) for n, trees in ROWS_AND_TREES])


def _compared(n: int, trees: int) -> Comparison:
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(_run("--rows", str(n)))
        theirs.append(_run("--rows", str(n), "--trees", str(trees)))
    mine = Figure.of([run["seconds"] for run in ours])
    peak = max(run["peak_mb"] for run in ours)
    return Comparison(
        f"training on {n:,} rows: {1e6 * mine.median / n:,.1f} µs a row, {peak:,.0f} MB at most",
        f"scikit-learn's fit alone, random forest of {trees}",
        "s",
        mine,
        Figure.of([run["seconds"] for run in theirs]),
        target=3.0,
        more={"rows": n, "peak_mb": peak},
    )


def _run(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.training_growth", *arguments]
    document: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout.splitlines()[-1]
    )
    return document


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
