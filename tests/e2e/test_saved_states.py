"""Damaged, older and incomplete saved states are recognised, and never overwritten."""

import json
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from cloud.state.directory import StackAddresses
from tests.e2e.conftest import Up
from tests.e2e.test_routes import ANIMALS

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]
# Saved by a version without seals and journals; the zips of its functions are left out.
OLD_STATE = Path(__file__).parent / "data" / "state-of-format-1.tar.gz"
OLD_MODEL, OLD_PREDICTION = "20261125T173116Z-afd85438", "01M89W66Z8YRHX1XZK9S5QWR6A-0"


def menagerie(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cloud.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, encoding="utf-8")


def predict(addresses: StackAddresses) -> str:
    answer = httpx2.post(
        f"{addresses.api_url}/predict",
        json={"animals": [ANIMALS["chicken"]]},
        headers={"x-api-key": addresses.api_key},
        timeout=30.0,
    )
    return str(answer.json()["predictions"][0]["id"])


def is_stored(addresses: StackAddresses, prediction: str) -> bool:
    headers = {"x-api-key": addresses.api_key}
    return httpx2.get(f"{addresses.api_url}/predictions/{prediction}", headers=headers, timeout=30.0).is_success


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start `up` with the same state folder each time, and stop what still runs at the end."""
    started = []

    def start(*options: str) -> Up:
        started.append(Up(tmp_path / "state", *options))
        return started[-1]

    yield start
    for up in started:
        up.stop()


def test_a_damaged_state_is_reported_kept_and_recovered(start: Callable[..., Up], tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = start()
    before = predict(first.wait())
    assert first.stop() == 0
    second = start()
    after = predict(second.wait())
    assert menagerie("down", "--state-dir", state).returncode == 0

    saved = state / "services" / "dynamodb.json"
    damaged = saved.read_bytes()[:1000]
    saved.write_bytes(damaged)
    refused = start()
    assert refused.process.wait(60) == 1
    (line,) = refused.log.read_text(encoding="utf-8").splitlines()
    assert f"{saved} has 1000 bytes" in line
    assert "--recover" in line
    assert "--fresh" in line
    assert saved.read_bytes() == damaged

    recovered = start("--recover")
    addresses = recovered.wait()
    assert is_stored(addresses, before)
    assert is_stored(addresses, after)
    (kept,) = state.glob("damaged-*")
    assert (kept / "dynamodb.json").read_bytes() == damaged
    assert recovered.stop(signal.SIGTERM) == 0


def test_a_state_without_a_seal_is_converted(start: Callable[..., Up], tmp_path: Path) -> None:
    with tarfile.open(OLD_STATE) as archive:
        archive.extractall(tmp_path, filter="data")
    key = (tmp_path / "state" / "api-key").read_text(encoding="utf-8")
    up = start()
    addresses = up.wait()
    assert addresses.api_key == key
    assert is_stored(addresses, OLD_PREDICTION)
    health = httpx2.get(f"{addresses.api_url}/health", timeout=30.0)
    assert health.json()["model_version"] == OLD_MODEL
    new = predict(addresses)
    assert up.stop() == 0
    seal = json.loads((tmp_path / "state" / "services" / "seal.json").read_text(encoding="utf-8"))
    assert seal["generation"] == 2
    assert new.removesuffix("-0") in (tmp_path / "state" / "services" / "dynamodb.json").read_text(encoding="utf-8")


def test_down_reports_that_the_state_was_not_saved(start: Callable[..., Up], tmp_path: Path) -> None:
    state = tmp_path / "state"
    up = start()
    up.wait()
    # As if the emulator could not write its state: a file to be sealed is missing.
    (state / "running" / "session.json").unlink()
    down = menagerie("down", "--state-dir", state)
    assert down.returncode == 1
    line = down.stderr.splitlines()[-1]
    assert "the emulator did not save its state" in line
    assert "run `menagerie up` to recover it" in line
    assert up.process.wait(10) == 1
    assert "✓ Stopping and saving the state" not in up.log.read_text(encoding="utf-8")
