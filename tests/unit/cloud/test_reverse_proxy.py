"""The proxy before an emulator in a container forwards allowed requests unchanged."""

import socketserver
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any

import boto3
import httpx2
import pytest
import uvicorn
from botocore.exceptions import ClientError

from cloud.local.ports import LOOPBACK, choose_free
from cloud.perimeter.reverse_proxy import HOSTS_VARIABLE, UPSTREAM_VARIABLE, guarded_proxy
from tests.serving import serving
from tests.waiting import wait_until


class Emulator(BaseHTTPRequestHandler):
    """Responds with the request, and allows every origin."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = b""
        if self.headers["transfer-encoding"] == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["content-length"] or 0))
        if "killed" in self.path:
            self.send_error(502, "File /home/somebody/handler.py")
            return
        seen = "\n".join([self.requestline, *(f"{name.lower()}: {value}" for name, value in self.headers.items())])
        self.send_response(201)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("content-length", str(len(seen) + 1 + len(body)))
        self.end_headers()
        self.wfile.write(seen.encode() + b"\n" + body)

    do_GET = do_POST = do_PUT = answer  # noqa: N815


@pytest.fixture
def emulator() -> Iterator[str]:
    with serving(Emulator) as address:
        yield address


@pytest.fixture
def proxy(emulator: str) -> Iterator[str]:
    """The address of the proxy before the emulator."""
    yield from served(emulator)


def served(upstream: str) -> Iterator[str]:
    environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret", UPSTREAM_VARIABLE: upstream}
    app = guarded_proxy(httpx2.AsyncClient(trust_env=False), {**environment, HOSTS_VARIABLE: "proxy"})
    port = choose_free()
    config = uvicorn.Config(app, host=LOOPBACK, port=port, lifespan="on", log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, what="the proxy to start")
    yield f"http://{LOOPBACK}:{port}"
    server.should_exit = True
    thread.join()


ROUTE = "/_aws/execute-api/abc/v1"


def test_a_request_to_the_api_is_forwarded_unchanged(proxy: str) -> None:
    headers = {"Host": "proxy:4566", "x-api-key": "k", "accept": "application/json", "te": "trailers"}
    answer = httpx2.post(f"{proxy}{ROUTE}/a%2Fb?x=%C3%BC&y", headers=headers, content=b"body")
    lines = answer.text.split("\n")
    assert answer.status_code == 201
    assert lines[0] == f"POST {ROUTE}/a%2Fb?x=%C3%BC&y HTTP/1.1"
    assert {"host: proxy:4566", "x-api-key: k", "content-length: 4"} <= set(lines)
    assert not [line for line in lines if line.startswith(("te:", "transfer-encoding:"))]
    assert lines[-1] == "body"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "access-control-allow-origin" not in answer.headers


def test_a_chunked_body_arrives_complete_and_a_missing_one_stays_missing(proxy: str) -> None:
    chunked = httpx2.post(f"{proxy}{ROUTE}/predict", content=iter([b"ab", b"cd"])).text
    assert chunked.endswith("\nabcd")
    assert "transfer-encoding: chunked" in chunked
    plain = httpx2.get(f"{proxy}{ROUTE}/health").text
    assert "transfer-encoding" not in plain
    assert "content-length" not in plain


def test_a_path_is_forwarded_unchanged(proxy: str) -> None:
    session = boto3.Session("test", "secret", region_name="eu-west-1")
    client: Any = session.client("s3", endpoint_url=proxy)
    seen = client.get_object(Bucket="b-1", Key="a/./b c+*")["Body"].read()
    assert seen.startswith(b"GET /b-1/a/./b%20c%2B%2A HTTP/1.1\n")


def test_unsigned_requests_and_other_origins_are_refused(proxy: str) -> None:
    assert httpx2.get(f"{proxy}/apikeys").status_code == 403
    assert httpx2.get(f"{proxy}{ROUTE}/health", headers={"Origin": "http://127.0.0.1:1"}).status_code == 403
    assert httpx2.get(f"{proxy}{ROUTE}/health", headers={"Host": "evil.example"}).status_code == 403
    wrong = boto3.Session("test", "test", region_name="eu-west-1").client("lambda", endpoint_url=proxy)
    with pytest.raises(ClientError, match="403"):
        wrong.list_functions()


def test_an_error_of_the_gateway_reveals_no_internals(proxy: str) -> None:
    answer = httpx2.get(f"{proxy}{ROUTE}/killed")
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 502
    assert "handler.py" not in answer.text


def test_an_unreachable_emulator_is_a_502() -> None:
    with socketserver.TCPServer((LOOPBACK, 0), socketserver.BaseRequestHandler) as closed:
        upstream = f"http://{LOOPBACK}:{closed.server_address[1]}"
    for proxy in served(upstream):
        assert httpx2.get(f"{proxy}{ROUTE}/health").status_code == 502
