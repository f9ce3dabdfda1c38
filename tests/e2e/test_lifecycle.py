"""`menagerie up` from start to end: what survives it, what it refuses, and that nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from cloud.ports import LOOPBACK, choose_free
from cloud.state import StackAddresses
from tests.e2e.conftest import Up
from tests.e2e.test_routes import ANIMALS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc"),
]


def menagerie(*words: str | Path | int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cloud.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def get(addresses: StackAddresses, path: str) -> httpx2.Response:
    return httpx2.get(addresses.api_url + path, headers={"x-api-key": addresses.api_key}, timeout=30.0)


def none_left(up: Up, seconds: float = 45.0) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := up.processes()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start `up` with the same state folder each time; whatever still runs at the end is stopped."""
    started = []

    def start(*options: str) -> Up:
        started.append(Up(tmp_path / "state", *options))
        return started[-1]

    yield start
    for up in started:
        up.stop()


def test_a_life_with_restarts_a_crash_and_a_fresh_start(start: Callable[..., Up], tmp_path: Path) -> None:
    state = tmp_path / "state"

    first = start()
    addresses = first.wait()
    body = {"animals": [ANIMALS["chicken"]]}
    headers = {"x-api-key": addresses.api_key}
    predicted = httpx2.post(addresses.api_url + "/predict", json=body, headers=headers, timeout=30.0).json()
    model = predicted["model_version"]
    second = menagerie("up", "--state-dir", state, "--no-dashboard", "--port", choose_free())
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert "menagerie down" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert menagerie("status", "--state-dir", state).returncode == 0
    assert first.stop(signal.SIGINT) == 0
    assert none_left(first, 5) == []
    assert not (state / "stack.json").exists()

    # The same state again: the same key opens the same history, answered by the same model.
    again = start()
    addresses = again.wait()
    assert addresses.api_key == headers["x-api-key"]
    kept = get(addresses, f"/predictions/{predicted['predictions'][0]['id']}")
    assert kept.json()["species"] == "chicken"
    assert get(addresses, "/models/current").json()["version"] == model
    again.process.kill()
    again.process.wait()
    assert none_left(again) == []

    # A crash of `up` itself ended the emulator in order, so nothing was lost even then.
    third = start()
    addresses = third.wait()
    assert get(addresses, f"/predictions/{predicted['predictions'][0]['id']}").status_code == 200
    down = menagerie("down", "--state-dir", state)
    assert down.returncode == 0, down.stderr
    assert third.process.wait(10) == 0
    assert menagerie("down", "--state-dir", state).returncode == 1

    fresh = start("--fresh")
    addresses = fresh.wait()
    assert addresses.api_key != headers["x-api-key"]
    # What was deployed anew answers at the same address.
    assert urlsplit(addresses.api_url).path == "/_aws/execute-api/menagerie/v1"
    assert get(addresses, f"/predictions/{predicted['predictions'][0]['id']}").status_code == 404
    # An emulator that dies takes `up` with it, and `up` says so.
    (emulator,) = [p for p in fresh.processes() if b"ministack\0" in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(emulator, signal.SIGKILL)
    assert fresh.process.wait(60) == 1
    assert "the emulator ended unexpectedly (killed by SIGKILL)" in fresh.log.read_text()
    assert none_left(fresh, 5) == []


@pytest.mark.parametrize("option", ["--port", "--data-service-port", "--dashboard-port"])
def test_a_taken_port_is_named_in_one_line(tmp_path: Path, option: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        options = {"--port": choose_free(), "--data-service-port": choose_free(), "--dashboard-port": choose_free()}
        options[option] = port
        words: list[str | Path | int] = [word for pair in options.items() for word in pair]
        done = menagerie("up", "--state-dir", tmp_path / "state", *words)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert f"port {port} is taken" in done.stderr
    assert option in done.stderr


def test_a_missing_data_service_is_named_before_anything_starts(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{choose_free()}"
    words = ["--port", str(choose_free()), "--no-dashboard", "--data-service-url", url]
    done = menagerie("up", "--state-dir", tmp_path / "state", *words)
    assert done.returncode == 1
    assert f"no data service answers at {url}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["status", "down"])
def test_asking_after_nothing_is_an_error_of_one_line(tmp_path: Path, command: str) -> None:
    done = menagerie(command, "--state-dir", tmp_path / "nowhere")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "nothing is up" in done.stderr
    assert not (tmp_path / "nowhere").exists()
