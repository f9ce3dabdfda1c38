"""Fixtures: a real Chromium, and a dashboard with its own embedded cloud."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cloud.local.ports import LOOPBACK, choose_free
from cloud.resources import package_folder
from cloud.state.directory import StackAddresses
from frontend.api.settings import STACK_VARIABLE, TIMEOUT_VARIABLE
from tests.e2e.conftest import Up, client_for, menagerie
from tests.waiting import LIMIT_SECONDS, wait_until

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
LIMIT_MS = LIMIT_SECONDS * 1000
IMPATIENT_SECONDS = 2


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """An embedded cloud with a dashboard; skipped without a browser."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (looked for chromium, chromium-browser and google-chrome)")
    up = Up(tmp_path_factory.mktemp("browser") / "state", dashboard=True)
    try:
        addresses = up.wait()
        # A first training, during the first stories, so that no story waits for the trainer's imports.
        with client_for(addresses) as api:
            assert api.post("/retrain", json={"promote": "never"}).status_code == 202
        # The emulator counts no requests through its gateway; the monitor needs one invocation to show.
        assert menagerie("invoke", "predict", "events/health.json", "--state-dir", up.state_dir).returncode == 0
        yield up
    finally:
        up.stop()


@pytest.fixture(scope="module")
def addresses(cloud: Up) -> StackAddresses:
    return cloud.wait()


@pytest.fixture(scope="module")
def chromium(cloud: Up) -> Iterator[Browser]:
    """One browser for all stories; closed with the module, because its event loop must not run in other tests."""
    assert cloud.process.poll() is None
    expect.set_options(timeout=LIMIT_MS)
    with sync_playwright() as playwright:
        switches = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
        switches += ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=switches)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor without cookies or storage."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(LIMIT_MS)
    yield context
    context.close()


@pytest.fixture
def page(visit: BrowserContext, addresses: StackAddresses) -> Iterator[Page]:
    """The dashboard's first page; afterwards, checks that it sent requests to this machine only."""
    elsewhere: list[str] = []

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1":
            elsewhere.append(url)

    page = visit.new_page()
    page.on("request", lambda request: note(request.url))
    assert addresses.dashboard_url is not None
    page.goto(addresses.dashboard_url)
    yield page
    assert not elsewhere


@pytest.fixture
def impatient_dashboard(cloud: Up, tmp_path: Path) -> Iterator[str]:
    """Another dashboard of the same cloud, with a timeout of two seconds instead of thirty."""
    port = choose_free()
    app = package_folder("frontend") / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.headless", "true"]
    command += ["--server.address", LOOPBACK, "--server.port", str(port), "--browser.gatherUsageStats", "false"]
    variables = {STACK_VARIABLE: str(cloud.state_dir / "stack.json"), TIMEOUT_VARIABLE: str(IMPATIENT_SECONDS)}
    url, log = f"http://{LOOPBACK}:{port}", tmp_path / "dashboard.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until(
            lambda: httpx2.get(f"{url}/_stcore/health", trust_env=False).is_success,
            what="the dashboard to answer",
            process=process,
            log=log,
            retry_on=httpx2.TransportError,
        )
        yield url
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)


@pytest.fixture
def keep(page: Page) -> Callable[[str], None]:
    """Save a screenshot of the page as build/screenshots/NAME.png."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(name: str) -> None:
        # The pointer must not show a tooltip.
        page.mouse.move(640, 2)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


@pytest.fixture(scope="module")
def api(addresses: StackAddresses) -> Iterator[httpx2.Client]:
    """A client of the API, to check its state."""
    with client_for(addresses) as client:
        yield client


@pytest.fixture
def emulator(cloud: Up, addresses: StackAddresses) -> Iterator["Emulator"]:
    """The emulator that runs the API, to be stopped and continued."""
    emulator = Emulator(cloud, f"{addresses.api_url}/health")
    yield emulator
    emulator.wake()


class Emulator:
    """Stopped by SIGSTOP, the API accepts connections and does not respond."""

    def __init__(self, cloud: Up, health: str) -> None:
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in cloud.processes()}
        (self._pid,) = [pid for pid, line in lines.items() if b"ministack\0" in line]
        self._health = health

    def halt(self) -> None:
        """Stop responding."""
        os.kill(self._pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Continue, and return when the API responds; the first requests after a stop are lost."""
        os.kill(self._pid, signal.SIGCONT)
        wait_until(
            lambda: httpx2.get(self._health, timeout=10.0).is_success,
            what="the emulator to answer again",
            retry_on=httpx2.TransportError,
        )
