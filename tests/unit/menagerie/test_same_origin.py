"""Requests that a page of another origin may have sent are refused before the application."""

import json
from pathlib import Path

import pytest

from menagerie.same_origin import SameOriginMiddleware
from tests.asgi import Headers, Service, ask

OWN: Headers = [("Host", "127.0.0.1:4566")]

ADMITTED: dict[str, Headers] = {
    "a program": OWN,
    "localhost": [("Host", "localhost:4566")],
    "IPv6": [("host", "[::1]:4566")],
    "a host without a port": [("Host", "localhost")],
    "a host in capitals": [("Host", "LOCALHOST:4566")],
    "its own page": [*OWN, ("Origin", "http://127.0.0.1:4566"), ("Sec-Fetch-Site", "same-origin")],
    "a typed address": [*OWN, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")],
    "an allowed name": [("Host", "ministack:4566"), ("Origin", "http://ministack:4566")],
}
REFUSED: dict[str, Headers] = {
    "no host, as HTTP 1.0 allows": [],
    "an empty host": [("Host", "")],
    "two hosts": [*OWN, ("Host", "evil.example")],
    "the same host twice": [*OWN, *OWN],
    "a rebound name": [("Host", "evil.example:4566"), ("Origin", "http://evil.example:4566")],
    "a rebound name without an origin": [("Host", "evil.example:4566")],
    "a name that begins with ours": [("Host", "127.0.0.1.evil.example")],
    "a name that ends with ours": [("Host", "evil.localhost:4566")],
    "a user before the host": [("Host", "127.0.0.1@evil.example")],
    "a path behind the host": [("Host", "evil.example/127.0.0.1")],
    "a dot behind the host": [("Host", "localhost.:4566")],
    "the address of all interfaces": [("Host", "0.0.0.0:4566")],
    "an address of the network": [("Host", "192.168.1.20:4566")],
    "a host that was forwarded": [("Host", "evil.example"), ("X-Forwarded-Host", "127.0.0.1:4566")],
    "a page of another site": [*OWN, ("Origin", "https://evil.example")],
    "a page on another port": [*OWN, ("Origin", "http://127.0.0.1:8000")],
    "a page of another name of loopback": [*OWN, ("Origin", "http://localhost:4566")],
    "a page without an origin of its own": [*OWN, ("Origin", "null")],
    "two origins": [*OWN, ("Origin", "http://127.0.0.1:4566"), ("Origin", "http://evil.example")],
    "an empty origin": [*OWN, ("Origin", "")],
    "an image in a page of another site": [*OWN, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "image")],
    "a link in a page of another site": [*OWN, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")],
    "a link in a page on another port": [*OWN, ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "navigate")],
}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def app(service: Service) -> SameOriginMiddleware:
    return SameOriginMiddleware(service, ["ministack"])


@pytest.mark.parametrize("kind_of_request", ADMITTED)
def test_allowed_requests_are_served(app: SameOriginMiddleware, service: Service, kind_of_request: str) -> None:
    assert ask(app, headers=ADMITTED[kind_of_request]).body == b"secret"
    assert service.requests == 1


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("kind_of_request", REFUSED)
def test_other_requests_are_refused_before_the_service(
    app: SameOriginMiddleware, service: Service, kind_of_request: str, method: str, kind: str
) -> None:
    answer = ask(app, method, headers=REFUSED[kind_of_request], kind=kind)
    assert (answer.status, service.requests) == (403, 0)
    assert b"secret" not in answer.body


def test_a_refusal_is_a_problem_document_without_text_of_the_request(app: SameOriginMiddleware) -> None:
    answer = ask(app, headers=[("Host", "evil.example")])
    problem = json.loads(answer.body)
    assert (problem["status"], problem["title"]) == (403, "Forbidden")
    assert dict(answer.headers)[b"content-type"] == b"application/problem+json"
    assert "evil" not in problem["detail"]
    assert ask(app, "HEAD", headers=[("Host", "evil.example")]).body == b""


@pytest.mark.parametrize("origin", ["http://127.0.0.1:4566", "http://evil.example"])
def test_a_preflight_from_any_origin_is_refused(app: SameOriginMiddleware, service: Service, origin: str) -> None:
    headers = [*OWN, ("Origin", origin), ("Access-Control-Request-Method", "POST")]
    assert ask(app, "OPTIONS", headers=headers).status == 403
    assert service.requests == 0


def test_responses_have_no_cors_headers(app: SameOriginMiddleware) -> None:
    assert ask(app, headers=OWN).headers == [(b"x-own", b"1")]


def test_a_websocket_needs_an_origin(app: SameOriginMiddleware, service: Service) -> None:
    assert ask(app, headers=OWN, kind="websocket").status == 403
    assert service.requests == 0
    assert ask(app, headers=[*OWN, ("Origin", "http://127.0.0.1:4566")], kind="websocket").status == 101


def test_a_name_is_allowed_while_it_is_in_the_file(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "allowed-hosts"
    app = SameOriginMiddleware(service, allowed_hosts_file=file)
    headers = [("Host", "172.17.0.1:40000")]
    assert ask(app, headers=headers).status == 403
    file.write_text("172.17.0.1\nhost.docker.internal\n", encoding="utf-8")
    assert ask(app, headers=headers).status == 200
    file.unlink()
    assert ask(app, headers=headers).status == 403
