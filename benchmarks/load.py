"""Send requests from many clients for minutes; count errors and lost predictions, measure time and memory."""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from benchmarks.comparison import Comparison, Figure, write_report
from benchmarks.stack import RunningStack, running_stack
from benchmarks.subject import animals
from menagerie.aws.predictions import from_item
from menagerie.prediction import prediction_id

CLIENTS = (8, 32)
SECONDS, RIVAL_SECONDS = 120, 30
# Before the measurement, one execution environment for each client has to start.
WARM_UP_SECONDS = 30
MEMORY_EVERY_S = 2.0


@dataclass
class Load:
    """The results of all clients."""

    milliseconds: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    """Memory of all environments of the predict function, over time."""


def main() -> None:
    """Run the load on a separate embedded cloud."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="duration for each number of clients")
    seconds: int = parser.parse_args().seconds
    with running_stack() as stack:
        write_report("load", [_compared(stack, clients, seconds) for clients in CLIENTS])


def _compared(stack: RunningStack, clients: int, seconds: int) -> Comparison:
    body = {"animals": animals(1)}

    def predict(client: httpx2.Client, load: Load) -> None:
        answer = client.post(f"{stack.api}/predict", json=body)
        if answer.status_code == httpx2.codes.OK:
            load.ids.append(answer.json()["predictions"][0]["id"])
        else:
            load.errors.append(f"{answer.status_code}: {answer.text[:200]}")

    def rival(client: httpx2.Client, _: Load) -> None:
        client.post(stack.rival, json=body).raise_for_status()

    _loaded(stack, clients, WARM_UP_SECONDS, predict)
    _loaded(stack, clients, WARM_UP_SECONDS // 3, rival)
    theirs = _loaded(stack, clients, min(RIVAL_SECONDS, seconds), rival)
    ours = _loaded(stack, clients, seconds, predict)
    lost = set(ours.ids) - _stored(stack)
    first, last = _ends(ours.memory_mb)
    return Comparison(
        f"{clients} clients, {seconds} s: {len(ours.ids):,} predictions, {len(ours.errors)} errors, {len(lost)} lost, "
        f"memory {first:.0f} to {last:.0f} MB",
        "an empty function",
        "ms",
        Figure.of(ours.milliseconds),
        Figure.of(theirs.milliseconds),
        target=1.3,
        more={"errors": ours.errors[:20], "lost": len(lost), "memory_mb": [first, last], "answered": len(ours.ids)},
    )


def _loaded(stack: RunningStack, clients: int, seconds: int, send: Callable[[httpx2.Client, Load], None]) -> Load:
    load = Load()
    until = time.monotonic() + seconds

    def keep_sending() -> None:
        with stack.client() as client:
            while time.monotonic() < until:
                started = time.perf_counter()
                try:
                    send(client, load)
                except httpx2.HTTPError as error:
                    load.errors.append(repr(error))
                load.milliseconds.append(1000 * (time.perf_counter() - started))

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(keep_sending) for _ in range(clients)]
        while time.monotonic() < until:
            load.memory_mb.append(_memory_mb(stack))
            time.sleep(MEMORY_EVERY_S)
        for each in running:
            each.result()
    return load


def _memory_mb(stack: RunningStack) -> float:
    """Return the resident memory of the predict function's processes."""
    total = 0.0
    for pid in stack.up.processes():
        try:
            if b"AWS_LAMBDA_FUNCTION_NAME=menagerie-predict\0" in Path(f"/proc/{pid}/environ").read_bytes():
                total += (
                    int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
                    * os.sysconf("SC_PAGE_SIZE")
                    / 1e6
                )
        except OSError:  # the process has just ended
            continue
    return total


def _ends(memory_mb: list[float]) -> tuple[float, float]:
    """Return the mean of the first and of the last quarter."""
    quarter = max(1, len(memory_mb) // 4)
    return sum(memory_mb[:quarter]) / quarter, sum(memory_mb[-quarter:]) / quarter


def _stored(stack: RunningStack) -> set[str]:
    """Return the ids of all stored predictions, read from the table: through the API the emulator takes minutes."""
    found: set[str] = set()
    for page in stack.table.get_paginator("scan").paginate(TableName=stack.table_name):
        for item in page["Items"]:
            if item["pk"]["S"].startswith("day#"):
                batch = from_item(item)
                found.update(prediction_id(batch.request_id, place) for place in range(len(batch)))
    return found


if __name__ == "__main__":
    main()
