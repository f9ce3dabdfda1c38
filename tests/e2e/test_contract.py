"""Requests that schemathesis makes of docs/openapi.json, valid and invalid, single and in chains, conform to it.

`ask_functions` does the same with as many requests as are wanted, for `make faults`.
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
"""Of each operation, each kind of data. The systematic part, some 600 requests, comes before these."""

ALWAYS_THE_SAME = ("--generation-deterministic",)


@dataclass(frozen=True)
class Report:
    """What came of a run."""

    requests: int
    output: str
    """What schemathesis printed, with a command for each failure that repeats it."""
    conforms: bool


def ask(api_url: str, api_key: str, examples: int, *options: str) -> Report:
    """Ask an API so many examples for each operation, and check every answer in every way that schemathesis has."""
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
def functions_without_a_cloud() -> Iterator[str]:
    """Serve both functions with fakes in all slots, and return their address."""
    port = choose_free()
    server = uvicorn.Server(uvicorn.Config(both_functions(), port=port, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run)
    # Without their log, a line for each request.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        thread.start()
        try:
            wait_until(lambda: server.started, what="the functions to be served")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


def ask_functions(requests: int) -> Report:
    """Ask both functions, with fakes in all slots, at least so many requests, other ones in each run of some 10,000."""
    asked, seed = 0, 0
    with functions_without_a_cloud() as url:
        while asked < requests:
            seed += 1
            report = ask(url, KEY, min(1000, 1 + requests // 10), "--seed", str(seed))
            asked += report.requests
            if not report.conforms or not report.requests:
                break
    return Report(asked, report.output, report.conforms)


def test_the_functions_keep_their_contract() -> None:
    with functions_without_a_cloud() as url:
        report = ask(url, KEY, EXAMPLES, *ALWAYS_THE_SAME)
    assert report.conforms, report.output
    assert report.requests > 500


@pytest.mark.e2e
def test_the_api_keeps_its_contract_behind_the_gateway(addresses: StackAddresses, api: httpx2.Client) -> None:
    try:
        report = ask(addresses.api_url, addresses.api_key, EXAMPLES_BEHIND_THE_GATEWAY, *ALWAYS_THE_SAME)
    finally:
        wait_until(lambda: no_job_runs(api), what="the jobs of this test to end")
    assert report.conforms, report.output
    assert report.requests > 500


def no_job_runs(api: httpx2.Client) -> bool:
    jobs = api.get("/retrain").json()["items"]
    return all(job["status"] in ("succeeded", "failed") for job in jobs)
