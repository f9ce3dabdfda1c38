"""Requests to loopback ignore the proxies in the environment; all other requests use them."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import httpx2
import pytest

from menagerie.errors import InvalidInput
from menagerie.http_client import http_client, is_loopback
from tests.serving import serving
from tests.waiting import LIMIT_SECONDS

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Echo(BaseHTTPRequestHandler):
    """Responds with the request target, which for a proxy is a whole address."""

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[str]:
    with serving(Echo) as address:
        yield address


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "nonsense://"])
def test_requests_to_loopback_use_no_proxy(monkeypatch: pytest.MonkeyPatch, server: str, name: str, proxy: str) -> None:
    monkeypatch.setenv(name, proxy)
    with http_client(server, timeout=LIMIT_SECONDS) as client:
        assert client.get(f"{server}/health").text == "/health"


def test_requests_to_other_addresses_use_the_proxy(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setenv("http_proxy", server)
    with http_client("http://data.example", timeout=LIMIT_SECONDS) as client:
        assert client.get("http://data.example/rows").text == "http://data.example/rows"


@pytest.mark.parametrize(
    ("name", "value"),
    [("all_proxy", "socks5://127.0.0.1:9"), ("http_proxy", "nonsense://x"), ("SSL_CERT_FILE", "/nowhere")],
)
def test_a_proxy_or_certificate_that_cannot_be_used_is_invalid_input(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match=r"in the environment cannot be used"):
        http_client("https://data.example", timeout=LIMIT_SECONDS)


def test_certificates_are_loaded_only_where_they_may_be_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    with http_client("http://data.example", timeout=LIMIT_SECONDS) as client:
        assert not client.is_closed
    with pytest.raises(InvalidInput):
        http_client("http://data.example", timeout=LIMIT_SECONDS, follow_redirects=True)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:4566/x", True),
        ("http://127.8.8.8", True),
        ("http://LOCALHOST.:1", True),
        ("http://api.localhost", True),
        ("http://[::1]:80", True),
        ("http://localhost.example", False),
        ("https://10.0.0.1", False),
        ("http://[::1", False),
        ("nothing", False),
    ],
)
def test_an_address_is_loopback_by_its_host(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_a_client_has_the_given_options(server: str) -> None:
    with http_client(server, timeout=LIMIT_SECONDS, base_url=server, headers={"x-api-key": "k"}) as client:
        assert client.timeout == httpx2.Timeout(LIMIT_SECONDS)
        assert client.get("/x").request.headers["x-api-key"] == "k"
