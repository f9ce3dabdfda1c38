"""Child processes and clients of the embedded cloud use only allowed variables of the environment."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cloud.clients import Clients, isolated_session
from cloud.commands.up import curl_line
from cloud.environment import ALLOWED, child_environment, proxies_around_loopback
from cloud.state.directory import StackAddresses
from tests.serving import serving

LEAKS = {
    "AWS_PROFILE": "nosuch",
    "AWS_ENDPOINT_URL": "http://elsewhere.example",
    "BASH_FUNC_which%%": "() { :; }",
    "FORWARDED_ALLOW_IPS": "*",
    "LAMBDA_EXECUTOR": "docker",
    "MINISTACK_HOST": "elsewhere.example",
    "ORT_LOAD_CONFIG_FROM_MODEL": "1",
    "PYTHONPATH": "/elsewhere",
    "PYTHONSTARTUP": "/elsewhere",
    "STREAMLIT_SERVER_BASE_URL_PATH": "/elsewhere",
    "USE_SSL": "1",
    "WEB_CONCURRENCY": "8",
}


def test_a_child_process_gets_allowed_and_explicit_variables(tmp_path: Path) -> None:
    person = {"PATH": "/bin", "LC_ALL": "ja_JP.eucJP", "TZ": "Asia/Tokyo", "HOME": "/home/person"}
    found = child_environment(tmp_path / "home", {"USE": "this"}, {**LEAKS, **person})
    assert {**person, "HOME": str(tmp_path / "home"), "USE": "this"}.items() <= found.items()
    assert not LEAKS.keys() & found.keys()
    assert (tmp_path / "home").is_dir()


def test_variables_for_coverage_are_passed_on(tmp_path: Path) -> None:
    assert {"COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"} <= ALLOWED
    assert child_environment(tmp_path, environment={"COVERAGE_PROCESS_START": "x"})["COVERAGE_PROCESS_START"] == "x"


def test_a_proxy_is_passed_on_but_not_for_loopback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    found = child_environment(tmp_path)
    assert found["http_proxy"] == "http://proxy.example"
    assert {"127.0.0.1", "localhost"} <= set(found["no_proxy"].split(","))


def test_a_child_process_uses_utf_8_in_any_locale(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("Känguru 袋鼠".encode())
    completed = subprocess.run(
        [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())", tmp_path / "file"],
        env=child_environment(tmp_path, environment={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}),
        capture_output=True,
        check=True,
    )
    assert completed.stdout.decode().strip() == "Känguru 袋鼠"


class NoBuckets(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<ListAllMyBucketsResult/>")


@pytest.fixture
def cloud() -> Iterator[str]:
    with serving(NoBuckets) as address:
        yield address


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    "configuration",
    ["[broken\nx", "[default]\ns3 =\n  use_accelerate_endpoint = true\nretry_mode = nonsense\nregion = mars-1\n"],
)
def test_a_session_of_the_embedded_cloud_reads_neither_variables_nor_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud: str, configuration: str
) -> None:
    (tmp_path / "config").write_text(configuration, encoding="utf-8")
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "config"),
        "AWS_PROFILE": "nosuch",
        "AWS_DEFAULT_REGION": "mars-1",
        "AWS_SESSION_TOKEN": "stale",
        "AWS_MAX_ATTEMPTS": "many",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere.example",
        "http_proxy": "http://127.0.0.1:9",
        "all_proxy": "socks5://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    client = Clients(isolated_session("key", "secret", "eu-west-1"), cloud).s3
    assert client.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert client.meta.endpoint_url == cloud
    assert client.meta.region_name == "eu-west-1"
    credentials = isolated_session("key", "secret", "eu-west-1").get_credentials()
    assert credentials is not None
    assert credentials.token is None


@pytest.mark.parametrize(
    ("named", "around"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "corp.example, ::1"}, "corp.example,::1,localhost,127.0.0.1"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_loopback_is_added_to_no_proxy(monkeypatch: pytest.MonkeyPatch, named: dict[str, str], around: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    found = proxies_around_loopback(named)
    assert found == {"https_proxy": "http://proxy.example:3128", "no_proxy": around, "NO_PROXY": around}


def test_without_a_proxy_nothing_is_set() -> None:
    assert proxies_around_loopback({"no_proxy": "corp.example"}) == {}


def test_the_printed_curl_line_bypasses_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = StackAddresses("http://127.0.0.1:4566/v1", "key", "", None, "")
    assert "noproxy" not in curl_line(addresses)
    monkeypatch.setenv("all_proxy", "http://proxy.example")
    assert shlex.split(curl_line(addresses))[:4] == ["curl", "-s", "--noproxy", "*"]
