"""Start the embedded cloud with the command line, on free ports, once for all end-to-end tests of a worker."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cloud.commands.options import DEFAULT_STACK, addresses_for
from cloud.local.ports import choose_free
from cloud.state.directory import DEFAULT_STATE_DIR, StackAddresses
from tests.waiting import LIMIT_SECONDS, wait_until


class Up:
    """A running `menagerie up`."""

    def __init__(self, state_dir: Path, *options: str, dashboard: bool = False) -> None:
        self.state_dir = state_dir
        self.log = state_dir.with_suffix(".log")
        ports = ["--port", str(choose_free()), "--data-service-port", str(choose_free())]
        ports += ["--dashboard-port", str(choose_free())] if dashboard else ["--no-dashboard"]
        command = [sys.executable, "-m", "cloud.cli", "up", "--state-dir", str(state_dir), *ports, *options]
        # An earlier `up` that was killed leaves this file behind, and `wait` would read it.
        (state_dir / "stack.json").unlink(missing_ok=True)
        # In a session of its own, Ctrl-C in the terminal stops it through `stop` only.
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def wait(self) -> StackAddresses:
        """Return the addresses once all parts are ready."""
        stack = self.state_dir / "stack.json"
        wait_until(stack.exists, what="up to write stack.json", process=self.process, log=self.log)
        return StackAddresses(**json.loads((self.state_dir / "stack.json").read_text(encoding="utf-8")))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(LIMIT_SECONDS)

    def processes(self) -> list[int]:
        """Return the ids of all processes with this state folder in their command line or environment."""
        found = []
        needle = str(self.state_dir).encode()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                except OSError:
                    continue
                if needle in text:
                    found.append(int(folder.name))
        return found


def client_for(addresses: StackAddresses) -> httpx2.Client:
    """Return a client with the operator's key. Its timeout is longer than the gateway's own."""
    return httpx2.Client(base_url=addresses.api_url, headers={"x-api-key": addresses.api_key}, timeout=LIMIT_SECONDS)


def menagerie(*words: str | Path | int, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line and return its output."""
    command = [sys.executable, "-m", "cloud.cli", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS, env=env, encoding="utf-8"
    )


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """An embedded cloud for the whole session, with IAM enforced."""
    up = Up(tmp_path_factory.mktemp("cloud") / "state", "--enforce-iam")
    try:
        up.wait()
        yield up
    finally:
        status = up.stop(signal.SIGINT)
    assert status == 0, up.log.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def addresses(request: pytest.FixtureRequest) -> StackAddresses:
    """The addresses of the stack under test: of --sam-local or --stack if given, else of the embedded cloud."""
    sam_local: str | None = request.config.getoption("--sam-local")
    if sam_local:
        # start-api checks no key, but the retrain function does: it is the key of the cloud whose data it uses.
        key = os.environ.get("MENAGERIE_API_KEY") or addresses_for(DEFAULT_STATE_DIR, DEFAULT_STACK).api_key
        return StackAddresses(sam_local, api_key=key, endpoint_url="", dashboard_url=None, data_service_url="")
    stack: str | None = request.config.getoption("--stack")
    if stack:
        return StackAddresses(**json.loads(Path(stack).read_text(encoding="utf-8")))
    up: Up = request.getfixturevalue("up")
    return up.wait()


@pytest.fixture(scope="session")
def api(addresses: StackAddresses) -> Iterator[httpx2.Client]:
    """A client of the emulated API Gateway, with the key."""
    with client_for(addresses) as client:
        yield client


@pytest.fixture
def api_keys_are_checked(request: pytest.FixtureRequest) -> None:
    """Skip the test on a target that checks no API keys."""
    if request.config.getoption("--sam-local"):
        pytest.skip("sam local start-api checks no API key")
