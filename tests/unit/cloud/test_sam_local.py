"""`sam local`: the environment of the functions, and the relay from their containers to loopback."""

import json
import socket
import stat
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx2
import pytest

from cloud.deployment import CODE
from cloud.local.ports import LOOPBACK, choose_free
from cloud.local.sam_local import docker_gateway, env_vars_file, relayed, seen_by_containers
from menagerie.http_client import is_loopback
from tests.serving import serving
from tests.waiting import LIMIT_SECONDS

DEPLOYED = {
    "PredictFunction": {"MODELS_BUCKET": "models", "ORT_DISABLE_TELEMETRY": "1"},
    "TrainFunction": {"MODELS_BUCKET": "models", "DATA_SERVICE_URL": "http://127.0.0.1:8777"},
}


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def echo() -> Iterator[str]:
    with serving(Echo) as address:
        yield address


def test_a_loopback_server_is_reachable_at_the_gateway_while_relayed(echo: str) -> None:
    with relayed(f"{echo}/some/path", LOOPBACK) as seen, httpx2.Client() as client:
        assert seen.endswith("/some/path")
        assert httpx2.URL(seen).port != httpx2.URL(echo).port
        for body in (b"elephant", bytes(3_000_000)):
            assert client.post(seen, content=body).content == body
    with pytest.raises(httpx2.ConnectError):
        httpx2.post(seen, content=b"dog")


def test_an_unreachable_target_closes_the_connection() -> None:
    with relayed(f"http://{LOOPBACK}:{choose_free()}", LOOPBACK) as seen, pytest.raises(httpx2.TransportError):
        httpx2.get(seen, timeout=LIMIT_SECONDS)


def test_a_client_that_disconnects_does_not_affect_the_next(echo: str) -> None:
    with relayed(echo, LOOPBACK) as seen:
        url = httpx2.URL(seen)
        with socket.create_connection((url.host, url.port or 0)) as rude:
            rude.sendall(b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhal")
        assert httpx2.post(seen, content=b"dog").content == b"dog"


@pytest.mark.parametrize("gateway", [None, "203.0.113.1"])
def test_without_a_local_gateway_docker_forwards_to_this_machine(gateway: str | None) -> None:
    with relayed("http://127.0.0.1:4566/path", gateway) as seen:
        assert seen == "http://host.docker.internal:4566/path"


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://127.0.0.1:1", True), ("http://localhost:1", True), ("https://s3.amazonaws.com", False)],
)
def test_only_addresses_of_this_machine_are_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("printed", "gateway"),
    [
        ('[{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.9"}]', "172.17.0.9"),
        ('[{"Subnet": "172.17.0.0/16"}]', "172.17.0.1"),
        ("[]", None),
        ("null", None),
        ("", None),
        ("[{}]", None),
    ],
)
def test_the_gateway_is_derived_from_the_subnet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, gateway: str | None
) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!{sys.executable}\nprint({printed!r})\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert docker_gateway() == gateway


def test_without_docker_there_is_no_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert docker_gateway() is None


def test_every_function_gets_its_variables_and_the_endpoint() -> None:
    with seen_by_containers(DEPLOYED, "https://cloud.example.org", gateway=None) as seen:
        assert seen["PredictFunction"] == {
            **DEPLOYED["PredictFunction"],
            "AWS_ENDPOINT_URL": "https://cloud.example.org",
        }
        assert seen["TrainFunction"]["DATA_SERVICE_URL"] == "http://host.docker.internal:8777"


def test_against_aws_there_is_no_endpoint() -> None:
    with seen_by_containers(DEPLOYED, None, gateway=None) as seen:
        assert not any("AWS_ENDPOINT_URL" in variables for variables in seen.values())


def test_one_address_is_relayed_once_for_all_functions() -> None:
    with seen_by_containers({name: {} for name in CODE}, "http://127.0.0.1:4566", gateway="127.0.0.1") as seen:
        addresses = {variables["AWS_ENDPOINT_URL"] for variables in seen.values()}
    assert len(addresses) == 1
    assert addresses != {"http://127.0.0.1:4566"}


def test_the_file_is_private_and_deleted_afterwards() -> None:
    with env_vars_file(DEPLOYED) as path:
        assert json.loads(path.read_text(encoding="utf-8")) == DEPLOYED
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
