"""The dashboard as a server: it refuses requests and WebSockets of other origins."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cloud.local.ports import LOOPBACK, choose_free
from frontend.api.settings import HOSTS_VARIABLE, KEY_VARIABLE, URL_VARIABLE, allowed_hosts
from tests.raw_http import exchange, handshake
from tests.waiting import wait_until

APP = Path(__file__).resolve().parents[2] / "frontend" / "app.py"
SOCKET = "/_stcore/stream"


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard that `streamlit run` started."""
    port, log = choose_free(), tmp_path_factory.mktemp("dashboard") / "log"
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.address", LOOPBACK]
    command += ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    settings = {URL_VARIABLE: "http://127.0.0.1:9/v1", KEY_VARIABLE: "k" * 24, HOSTS_VARIABLE: "zoo.example"}
    url = f"http://{LOOPBACK}:{port}"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=output, stderr=output)
        try:
            wait_until(
                lambda: httpx2.get(f"{url}/_stcore/health").is_success,
                what="the dashboard to answer",
                process=process,
                log=log,
                retry_on=httpx2.TransportError,
            )
            yield url
        finally:
            process.terminate()
            process.wait()


def test_its_own_page_is_served_and_opens_the_websocket(dashboard: str) -> None:
    host = dashboard.removeprefix("http://")
    assert httpx2.get(dashboard).is_success
    assert handshake(dashboard, SOCKET, f"Host: {host}", f"Origin: {dashboard}") == 101
    assert handshake(dashboard, SOCKET, "Host: zoo.example", "Origin: https://zoo.example") == 101


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: evil.example", "Origin: http://evil.example"),
        ("Host: {own}",),
        ("Host: {own}", "Origin: http://127.0.0.1:1"),
        ("Host: {own}", "Origin: http://localhost:1"),
        ("Host: {own}", "Origin: https://evil.example"),
        ("Host: {own}", "Origin: null"),
        ("Host: evil.example", "Origin: http://{own}"),
    ],
)
def test_the_websocket_refuses_other_origins(dashboard: str, headers: tuple[str, ...]) -> None:
    own = dashboard.removeprefix("http://")
    assert handshake(dashboard, SOCKET, *(header.format(own=own) for header in headers)) == 403


@pytest.mark.parametrize("header", ["Origin: http://127.0.0.1:1", "Sec-Fetch-Site: cross-site", "Host: evil.example"])
@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/_stcore/upload_file/a/b"])
def test_pages_refuse_other_origins(dashboard: str, path: str, header: str) -> None:
    own = [] if header.startswith("Host") else [f"Host: {dashboard.removeprefix('http://')}"]
    answer = exchange(dashboard, f"GET {path} HTTP/1.1", *own, header)
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_host_names_are_separated_by_spaces_or_commas() -> None:
    assert allowed_hosts({HOSTS_VARIABLE: "zoo.example, other.example third"}) == [
        "zoo.example",
        "other.example",
        "third",
    ]
    assert allowed_hosts({}) == []
