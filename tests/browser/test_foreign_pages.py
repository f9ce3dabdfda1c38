"""A page of another origin on this machine cannot use a running Menagerie."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page

from cloud.commands.options import clients_for
from cloud.state.directory import StackAddresses
from tests.e2e.conftest import Up

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ANIMAL = {"walks_on_n_legs": 4, "height": 3.0, "weight": 4000.0, "has_wings": False, "has_tail": True}

# Each resolves to what the page could read; null if the browser or the server refused.
FETCH = """async ([url, options]) => {
    try { return await (await fetch(url, options)).text(); } catch { return null; }
}"""
SOCKET = """url => new Promise(resolve => {
    const socket = new WebSocket(url, ["streamlit"]);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve(null);
})"""
IMAGE = """url => new Promise(resolve => {
    const image = new Image();
    image.onload = image.onerror = () => resolve(null);
    image.src = url;
})"""


class EmptyPage(BaseHTTPRequestHandler):
    """An empty page of another origin."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of a server of another origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(params=["127.0.0.1", "localhost"])
def foreign_page(visit: BrowserContext, elsewhere: int, request: pytest.FixtureRequest) -> Page:
    """A page of another origin: the same host with another port, or another host name of this machine."""
    page = visit.new_page()
    page.goto(f"http://{request.param}:{elsewhere}/")
    return page


def fetched(page: Page, url: str, **options: Any) -> str | None:
    """Return the text that a page reads from a URL, None if it is refused."""
    text: str | None = page.evaluate(FETCH, [url, options])
    return text


def form_sent(page: Page, url: str, **options: Any) -> None:
    """Send a request without a preflight: the page cannot read the response, but a server that ignores origins acts."""
    assert not page.evaluate(FETCH, [url, {"method": "POST", "mode": "no-cors", **options}])


def function_zip() -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): return 'here'")
    return base64.b64encode(packed.getvalue()).decode()


def test_it_does_not_read_the_api_key(foreign_page: Page, addresses: StackAddresses) -> None:
    url = f"{addresses.endpoint_url}/apikeys?includeValues=true"
    assert fetched(foreign_page, url) is None
    assert httpx2.get(url, headers={"Origin": "http://127.0.0.1:1"}).status_code == 403
    assert addresses.api_key not in httpx2.get(url).text


def test_it_creates_no_function(foreign_page: Page, cloud: Up, addresses: StackAddresses) -> None:
    functions = clients_for(cloud.state_dir).functions
    before = [function["FunctionName"] for function in functions.list_functions()["Functions"]]
    body = {
        "FunctionName": "evil",
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::000000000000:role/evil",
        "Handler": "f.handler",
        "Code": {"ZipFile": function_zip()},
    }
    url = f"{addresses.endpoint_url}/2015-03-31/functions"
    assert fetched(foreign_page, url, method="POST", body=json.dumps(body)) is None
    form_sent(foreign_page, url, body=json.dumps(body))
    assert [function["FunctionName"] for function in functions.list_functions()["Functions"]] == before


def test_it_does_not_reset_the_cloud(foreign_page: Page, addresses: StackAddresses, api: httpx2.Client) -> None:
    form_sent(foreign_page, f"{addresses.endpoint_url}/_ministack/reset")
    assert fetched(foreign_page, f"{addresses.endpoint_url}/_ministack/reset", method="POST") is None
    assert api.get("/models").json()["current"]


def test_it_does_not_use_the_api_even_with_its_key(
    foreign_page: Page, addresses: StackAddresses, api: httpx2.Client
) -> None:
    before = api.get("/predictions").json()
    headers = {"x-api-key": addresses.api_key, "content-type": "application/json"}
    body = json.dumps({"animals": [ANIMAL]})
    assert fetched(foreign_page, f"{addresses.api_url}/predict", method="POST", headers=headers, body=body) is None
    assert fetched(foreign_page, f"{addresses.api_url}/predictions", headers=headers) is None
    assert fetched(foreign_page, f"{addresses.api_url}/health") is None
    # Chromium hides the response from the page, so the test sends the page's request itself.
    origin = foreign_page.evaluate("location.origin")
    assert httpx2.get(f"{addresses.api_url}/health", headers={"Origin": origin}).status_code == 403
    assert api.get("/predictions").json() == before


def test_it_gets_no_rows_of_the_data_service(foreign_page: Page, addresses: StackAddresses) -> None:
    url = f"{addresses.data_service_url}/api/v1/animals/data"
    answers: list[int] = []
    foreign_page.on("response", lambda response: answers.append(response.status))
    assert fetched(foreign_page, url, method="POST") is None
    form_sent(foreign_page, url)
    foreign_page.evaluate(IMAGE, f"{addresses.data_service_url}/api/v1/animals/schema")
    assert set(answers) <= {403}
    assert httpx2.post(url).is_success


def test_it_does_not_open_the_dashboards_socket(foreign_page: Page, page: Page, addresses: StackAddresses) -> None:
    assert addresses.dashboard_url is not None
    url = addresses.dashboard_url.replace("http://", "ws://") + "/_stcore/stream"
    assert foreign_page.evaluate(SOCKET, url) is None
    assert page.evaluate(SOCKET, url) == "open"


@pytest.mark.parametrize("address", ["api_url", "dashboard_url", "data_service_url"])
def test_it_shows_none_of_the_pages_in_a_frame(foreign_page: Page, addresses: StackAddresses, address: str) -> None:
    url = getattr(addresses, address) + ("/docs" if address == "api_url" else "/")
    with foreign_page.expect_response(url) as answered:
        foreign_page.evaluate("url => { document.body.innerHTML = `<iframe src='${url}'></iframe>`; }", url)
    assert answered.value.status == 403


def test_a_name_that_is_rebound_to_this_machine_is_refused(visit: BrowserContext, addresses: StackAddresses) -> None:
    # Chromium resolves every name below localhost to loopback, as DNS rebinding makes it do with any name.
    page = visit.new_page()
    for url in (f"{addresses.endpoint_url}/_ministack/health", addresses.data_service_url, addresses.dashboard_url):
        assert url is not None
        answer = page.goto(url.replace("127.0.0.1", "rebound.localhost"))
        assert answer is not None
        assert answer.status == 403
