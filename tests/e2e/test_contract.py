"""The API conforms to docs/openapi.json, tested by schemathesis with valid and invalid requests, single and in chains.

`request_functions` does the same with a given number of requests, for `make faults`.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import uvicorn

from cloud.local.ports import choose_free
from cloud.state.directory import StackAddresses
from tests.e2e.both_functions import KEY, both_functions
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 25
EXAMPLES_BEHIND_THE_GATEWAY = 5
"""For each operation and kind of data, after a systematic phase of some 600 requests."""

DETERMINISTIC = ("--generation-deterministic",)


@dataclass(frozen=True)
class Report:
    """The result of a run of schemathesis."""

    requests: int
    output: str
    """The output of schemathesis, with a command to repeat each failure."""
    conforms: bool


def check(api_url: str, api_key: str, examples: int, *options: str) -> Report:
    """Send this many examples for each operation, and run all checks of schemathesis on the responses."""
    run = ["run", "docs/openapi.json", "--url", api_url, "--max-examples", str(examples)]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), *run, "--no-color", *options],
        cwd=ROOT,
        env={**os.environ, "MENAGERIE_API_KEY": api_key, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    generated = re.search(r"(\d+) generated", done.stdout)
    return Report(int(generated[1]) if generated else 0, done.stdout + done.stderr, done.returncode == 0)


@contextmanager
def serve_functions() -> Iterator[str]:
    """Serve both functions with in-memory stores; the context is their address."""
    port = choose_free()
    server = uvicorn.Server(uvicorn.Config(both_functions(), port=port, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run)
    # Their log would be a line for each request.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        thread.start()
        try:
            wait_until(lambda: server.started, what="the server to start")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


def request_functions(requests: int) -> Report:
    """Send both functions, with in-memory stores, at least this many requests, with a new seed for each run."""
    sent, seed = 0, 0
    with serve_functions() as url:
        while sent < requests:
            seed += 1
            report = check(url, KEY, min(1000, 1 + requests // 10), "--seed", str(seed))
            sent += report.requests
            if not report.conforms or not report.requests:
                break
    return Report(sent, report.output, report.conforms)


def test_the_functions_conform_to_the_contract() -> None:
    with serve_functions() as url:
        report = check(url, KEY, EXAMPLES, *DETERMINISTIC)
    assert report.conforms, report.output
    assert report.requests > 500


@pytest.mark.e2e
def test_the_api_conforms_to_the_contract_behind_the_gateway(addresses: StackAddresses, api: httpx2.Client) -> None:
    try:
        report = check(addresses.api_url, addresses.api_key, EXAMPLES_BEHIND_THE_GATEWAY, *DETERMINISTIC)
    finally:
        wait_until(lambda: no_job_runs(api), what="the jobs of this test to end")
    assert report.conforms, report.output
    assert report.requests > 500


def no_job_runs(api: httpx2.Client) -> bool:
    jobs = api.get("/retrain").json()["items"]
    return all(job["status"] in ("succeeded", "failed") for job in jobs)
