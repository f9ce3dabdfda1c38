"""Compare the time of `make up` to the first prediction with the sum of its parts."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.comparison import Comparison, Figure, write_report
from benchmarks.subject import animals
from cloud.deployment import deploy
from cloud.local.ports import choose_free
from cloud.local.processes import Guardian
from cloud.local.services import Emulator, start_emulator
from cloud.packaging.lockfile import local_target
from cloud.packaging.package import PARTS, Package, build
from cloud.resources import builds
from cloud.state.directory import StateDirectory
from tests.e2e.conftest import Up

RUNS = 5

TRAINING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from menagerie.animal_file import read_path
from training.pipeline import train
from training.rows import Origin, rows_of
train(rows_of(read_path(Path(sys.argv[1]))), source=Origin("dataset"), created_at=datetime.now(UTC))
"""


def main() -> None:
    """Measure all in alternation, each time with an empty state folder."""
    packages = {part: build(part, local_target(), builds() / "local") for part in PARTS}
    _up()
    whole, parts = [], []
    for _ in range(RUNS):
        whole.append(_up())
        emulator, deployment = _emulator_and_deployment(packages)
        parts.append([emulator, deployment, _training()])
    emulator, deployment, training = (Figure.of(list(taken)).median for taken in zip(*parts, strict=True))
    write_report(
        "startup",
        [
            Comparison(
                "make up, empty state and warm caches, to the first prediction",
                f"emulator {emulator:.1f} s + deployment {deployment:.1f} s + training {training:.1f} s",
                "s",
                Figure.of(whole),
                Figure.of([sum(taken) for taken in parts]),
                target=1.2,
            )
        ],
    )


def _up() -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        up = Up(Path(folder) / "state")
        try:
            up.wait()  # stack.json is written after the first prediction
            return time.perf_counter() - started
        finally:
            up.stop()


def _emulator_and_deployment(packages: dict[str, Package]) -> tuple[float, float]:
    with _state() as (state, guardian):
        started = time.perf_counter()
        emulator = start_emulator(state, choose_free(), enforce_iam=False, guardian=guardian)
        try:
            emulator.wait_until_ready()
            ready = time.perf_counter()
            _deploy(emulator, packages)
            return ready - started, time.perf_counter() - ready
        finally:
            emulator.process.stop()


def _deploy(emulator: Emulator, packages: dict[str, Package]) -> None:
    parameters = {"DataServiceUrl": "http://127.0.0.1:9", "RequireTls": "false", "ApiKeyValue": "k" * 24}
    deploy(emulator.clients(), packages, parameters)


def _training() -> float:
    """Return the seconds of a process that trains on as many rows as `up` uses; like `up`, it makes no report."""
    with tempfile.TemporaryDirectory() as folder:
        rows = animals(1000)
        file = Path(folder, "rows.csv")
        lines = [",".join(map(str, row.values())) for row in rows]
        file.write_text("\n".join([",".join(rows[0]), *lines]) + "\n", encoding="utf-8")
        command = [sys.executable, "-c", TRAINING, str(file)]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started


@contextmanager
def _state() -> Iterator[tuple[StateDirectory, Guardian]]:
    with tempfile.TemporaryDirectory() as folder, Guardian() as guardian:
        yield StateDirectory.open(Path(folder) / "state"), guardian


if __name__ == "__main__":
    main()
