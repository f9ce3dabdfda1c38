"""`menagerie up` from start to end: what is kept, which errors it reports, and that no process is left."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cloud.local.ports import LOOPBACK, choose_free
from cloud.state.directory import StackAddresses
from tests.e2e.conftest import Up, client_for, menagerie
from tests.e2e.test_routes import ANIMALS
from tests.waiting import LIMIT_SECONDS, wait_until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc"),
]


def assert_no_process_is_left(up: Up) -> None:
    wait_until(lambda: not up.processes(), what="every process of up to end")


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


def test_keys_models_and_predictions_survive_a_restart_and_two_crashes(
    start: Callable[..., Up], tmp_path: Path
) -> None:
    # Three starts. The cloud of the other tests is stopped by Ctrl-C.
    state = tmp_path / "state"
    (state / "objects").mkdir(parents=True)
    (state / "objects" / "old").touch()
    (state / "api-key").write_text("an old key", encoding="utf-8")

    first = start("--fresh")
    addresses = first.wait()
    assert addresses.api_key != "an old key"
    assert not (state / "objects" / "old").exists()
    # The address is the same for every deployment.
    assert urlsplit(addresses.api_url).path == "/_aws/execute-api/menagerie/v1"
    with client_for(addresses) as api:
        predicted = api.post("/predict", json={"animals": [ANIMALS["chicken"]]}).json()
    second = menagerie("up", "--state-dir", state, "--no-dashboard", "--port", choose_free())
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert "menagerie down" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert menagerie("status", "--state-dir", state).returncode == 0
    down = menagerie("down", "--state-dir", state)
    assert down.returncode == 0, down.stderr
    assert first.process.wait(LIMIT_SECONDS) == 0
    assert_no_process_is_left(first)
    assert not (state / "stack.json").exists()
    assert menagerie("down", "--state-dir", state).returncode == 1

    def assert_everything_is_kept(again: StackAddresses) -> None:
        assert again.api_key == addresses.api_key
        with client_for(again) as api:
            assert api.get(f"/predictions/{predicted['predictions'][0]['id']}").json()["species"] == "chicken"
            assert api.get("/models/current").json()["version"] == predicted["model_version"]

    again = start()
    assert_everything_is_kept(again.wait())
    again.process.kill()
    again.process.wait()
    assert_no_process_is_left(again)

    # When `up` was killed, the emulator still stopped in order and saved its state.
    third = start()
    assert_everything_is_kept(third.wait())
    # When the emulator dies, `up` reports it and ends.
    (emulator,) = [p for p in third.processes() if b"ministack\0" in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(emulator, signal.SIGKILL)
    assert third.process.wait(LIMIT_SECONDS) == 1
    assert "the emulator ended unexpectedly (killed by SIGKILL)" in third.log.read_text(encoding="utf-8")
    assert_no_process_is_left(third)


@pytest.mark.parametrize("option", ["--port", "--data-service-port", "--dashboard-port"])
def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path, option: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        options = {"--port": choose_free(), "--data-service-port": choose_free(), "--dashboard-port": choose_free()}
        options[option] = port
        words: list[str | Path | int] = [word for pair in options.items() for word in pair]
        done = menagerie("up", "--state-dir", tmp_path / "state", *words)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert f"port {port} is in use" in done.stderr
    assert option in done.stderr


def test_a_missing_data_service_is_reported_before_anything_starts(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{choose_free()}"
    words = ["--port", str(choose_free()), "--no-dashboard", "--data-service-url", url]
    done = menagerie("up", "--state-dir", tmp_path / "state", *words)
    assert done.returncode == 1
    assert f"no data service responds at {url}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["status", "down"])
def test_a_command_without_a_running_cloud_is_an_error_of_one_line(tmp_path: Path, command: str) -> None:
    done = menagerie(command, "--state-dir", tmp_path / "nowhere")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "nothing is up" in done.stderr
    assert not (tmp_path / "nowhere").exists()
