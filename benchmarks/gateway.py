"""One client against the emulated gateway of a running `menagerie up`: warm and cold, single and batch, history."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from benchmarks.report import Timing, show
from cloud.emulator import emulator_clients
from cloud.smoke import ELEPHANT
from cloud.state import DEFAULT_STATE_DIR, StateDirectory

WARM_RUNS = 200
COLD_RUNS = 5


def main() -> None:
    """Measure a running `menagerie up`; the first argument names its state folder."""
    state = StateDirectory.open(Path(*sys.argv[1:2] or [str(DEFAULT_STATE_DIR)]))
    addresses = state.addresses()
    functions = emulator_clients(addresses.endpoint_url, state.secret("emulator-secret-key")).functions
    with httpx2.Client(base_url=addresses.api_url, headers={"x-api-key": addresses.api_key}, timeout=60.0) as client:
        one, thousand = {"animals": [ELEPHANT]}, {"animals": [ELEPHANT] * 1000}

        def predict(body: object) -> None:
            client.post("/predict", json=body).raise_for_status()

        def cold() -> None:
            # Setting its memory, even to what it has, ends a function's environment: the next request starts another.
            functions.update_function_configuration(FunctionName="menagerie-predict", MemorySize=1769)
            time.sleep(1.0)

        timings = [
            _measure("predict 1 animal, warm", lambda: predict(one), WARM_RUNS),
            _measure("predict 1000 animals, warm", lambda: predict(thousand), 20),
            _measure("history, 50 of them", lambda: client.get("/predictions?limit=50").raise_for_status(), 50),
            _measure("health, warm", lambda: client.get("/health").raise_for_status(), WARM_RUNS),
            _measure("predict 1 animal, cold", lambda: predict(one), COLD_RUNS, before=cold),
        ]
    show("gateway", timings)


def _measure(what: str, run: Callable[[], object], runs: int, before: Callable[[], None] | None = None) -> Timing:
    seconds = []
    if before is None:
        run()
    for _ in range(runs):
        if before is not None:
            before()
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return Timing.of(what, seconds)


if __name__ == "__main__":
    main()
