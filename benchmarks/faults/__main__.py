"""Inject every kind of fault and write the counts into docs/reliability.md: `make faults`."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.clocks import jump_clocks
from benchmarks.faults.crashes import crash_the_cloud
from benchmarks.faults.data_services import call_faulty_services
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.storage import inject_storage_faults
from benchmarks.faults.workers import kill_predict_workers, kill_train_workers, promote_under_load
from benchmarks.stack import running_stack
from cloud.console import Steps
from tests.e2e.test_contract import request_functions

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "faults"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by `make faults` -->", "<!-- end -->"


def _times(share: float, full: int) -> int:
    return max(1, round(full * share))


SCENARIOS: dict[str, Callable[[float], list[Outcome]]] = {
    "storage": lambda _: [inject_storage_faults()],
    "data-services": lambda _: [call_faulty_services()],
    "clocks": lambda _: [jump_clocks()],
    "workers": lambda share: _on_a_stack(share),
    "crashes": crash_the_cloud,
    "requests": lambda share: [_send_generated_requests(_times(share, 100_000))],
}


def _on_a_stack(share: float) -> list[Outcome]:
    with running_stack() as stack:
        return [
            kill_predict_workers(stack, _times(share, 50)),
            kill_train_workers(stack, _times(share, 2)),
            promote_under_load(stack, _times(share, 30)),
        ]


def _send_generated_requests(requests: int) -> Outcome:
    outcome = Outcome("request generated from the OpenAPI document, valid or not")
    report = request_functions(requests)
    outcome.injected = outcome.answered = report.requests
    if not report.conforms:
        outcome.wrong += 1
        outcome.note(report.output[-300:])
    return outcome


def main() -> None:
    """Run the given scenarios, or all; exit with status 1 if a count is not zero that should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS], help=f"of {', '.join(SCENARIOS)}; default all")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of faults, 0 to 1")
    arguments = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    steps = Steps(animated=False)
    for name in arguments.scenario or SCENARIOS:
        began = time.monotonic()
        with steps.step(name) as report, _functions_log(name):
            outcomes = SCENARIOS[name](arguments.share)
            report(", ".join(f"{o.injected} injected, {'clean' if o.is_clean else 'NOT CLEAN'}" for o in outcomes))
        document = {
            "taken_at": f"{datetime.now(UTC):%Y-%m-%d}",
            "seconds": round(time.monotonic() - began),
            "share": arguments.share,
            "outcomes": [outcome.document() for outcome in outcomes],
        }
        (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        for outcome in outcomes:
            sys.stdout.writelines(f"  {example}\n" for example in outcome.examples)
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in _results()]
    _write_page(kept)
    sys.exit(0 if all(outcome.is_clean for outcome in _outcomes(kept)) else 1)


def _results() -> Iterator[Path]:
    return (path for name in SCENARIOS if (path := RESULTS / f"{name}.json").exists())


def _outcomes(documents: list[dict[str, object]]) -> list[Outcome]:
    return [Outcome(**each) for document in documents for each in document["outcomes"]]  # type: ignore[attr-defined]


def _write_page(documents: list[dict[str, object]]) -> None:
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    days = sorted({str(document["taken_at"]) for document in documents})
    lines = [
        BEGIN,
        f"Taken {' and '.join(days)}.",
        "",
        "| injected | times | answered | lost | doubled | wrong | 5xx unexplained |",
        "|---|---|---|---|---|---|---|",
        *(outcome.row() for outcome in _outcomes(documents)),
        END,
    ]
    PAGE.write_text(head + "\n".join(lines) + tail, encoding="utf-8")


@contextmanager
def _functions_log(name: str) -> Iterator[None]:
    """Redirect the log lines of functions in this process to a file."""
    with (RESULTS / f"{name}.log").open("w", encoding="utf-8") as file, redirect_stdout(file):
        # A logger that an earlier fault has made still writes to the file of that fault.
        for service in ("predict", "retrain"):
            for handler in logging.getLogger(service).handlers:
                assert isinstance(handler, logging.StreamHandler)
                handler.stream = file
        yield


if __name__ == "__main__":
    main()
