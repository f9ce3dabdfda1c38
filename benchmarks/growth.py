"""Time and memory of a training by its number of rows, each in a process of its own."""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime

from benchmarks.report import RESULTS, machine

ROWS = (1_000, 10_000, 100_000, 1_000_000)


def train_once(n: int) -> dict[str, float]:
    """Label, train and evaluate on n rows; return seconds without imports, and the process's peak memory in MB."""
    import training.naive_bayes
    import training.onnx_export  # noqa: F401 - imported before the clock starts
    from tests.model.worlds import World, as_received, draw
    from training.pipeline import train
    from training.rows import Origin

    rows = as_received(draw(World(), n, seed=0)[0])
    started = time.perf_counter()
    trained = train(rows, source=Origin("dataset"), created_at=datetime.now(UTC))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"rows": n, "seconds": seconds, "peak_mb": peak, "accuracy": trained.manifest.metrics.accuracy}


def main() -> None:
    """Print the curve and write growth.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="only this many, as JSON")
    n: int | None = parser.parse_args().rows
    if n is not None:
        print(json.dumps(train_once(n)))
        return
    print(f"{'rows':>10} {'seconds':>8} {'µs a row':>9} {'peak MB':>8}")
    curve = []
    for each in ROWS:
        command = [sys.executable, "-m", "benchmarks.growth", "--rows", str(each)]
        curve.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        seconds = curve[-1]["seconds"]
        print(f"{each:>10,} {seconds:8.2f} {1e6 * seconds / each:9.1f} {curve[-1]['peak_mb']:8.0f}", flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "growth.json").write_text(json.dumps({"machine": machine(), "curve": curve}, indent=2) + "\n")


if __name__ == "__main__":
    main()
