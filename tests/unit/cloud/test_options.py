"""Commands select the cloud by one rule: the one that is up with the state folder, else the environment's."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cloud.commands.options import addresses_for, clients_for
from cloud.state.directory import StackAddresses, StateDirectory
from menagerie.errors import NotFound, Unavailable
from tests.serving import serving

UP = StackAddresses("http://127.0.0.1:1/api", "key", "http://127.0.0.1:1", None, "http://127.0.0.1:2")
STACK = """<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>menagerie</StackName><Outputs>
<member><OutputKey>ApiId</OutputKey><OutputValue>menagerie</OutputValue></member>
<member><OutputKey>ApiKeyId</OutputKey><OutputValue>k1</OutputValue></member>
<member><OutputKey>ApiUrl</OutputKey><OutputValue>https://api.example/v1</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
NO_STACK = """<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id other does not exist</Message>
</Error></ErrorResponse>"""


class Emulator(BaseHTTPRequestHandler):
    """Responds as API Gateway and CloudFormation do."""

    def do_GET(self) -> None:
        self._answer(200, json.dumps({"id": "k1", "value": "its-key"}))

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["content-length"])).decode()
        known = "StackName=menagerie" in request
        self._answer(200 if known else 400, STACK if known else NO_STACK)

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture
def emulator() -> Iterator[str]:
    with serving(Emulator) as address:
        yield address


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch, emulator: str) -> str:
    for name, value in {
        "AWS_ENDPOINT_URL": f"{emulator}/",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    return emulator


def test_a_stack_that_the_environment_selects_is_found_with_its_key(named: str, tmp_path: Path) -> None:
    found = addresses_for(tmp_path / "nothing", "menagerie")
    assert found == StackAddresses(f"{named}/_aws/execute-api/menagerie/v1", "its-key", named, "", "")


@pytest.mark.usefixtures("named")
def test_a_running_cloud_takes_precedence_over_the_environment(tmp_path: Path) -> None:
    state = StateDirectory.open(tmp_path / "state")
    with state.locked():
        state.write_addresses(UP)
        assert addresses_for(tmp_path / "state", "menagerie") == UP
        assert clients_for(tmp_path / "state").endpoint_url == UP.endpoint_url
    # What an `up` that was killed left behind is nothing that is up.
    assert addresses_for(tmp_path / "state", "menagerie").api_key == "its-key"
    assert clients_for(tmp_path / "state").endpoint_url is None


@pytest.mark.usefixtures("named")
def test_a_stack_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no stack called other"):
        addresses_for(tmp_path, "other")


def test_without_a_selected_cloud_the_error_names_all_options(tmp_path: Path) -> None:
    for find in (clients_for, lambda state_dir: addresses_for(state_dir, "menagerie")):
        with pytest.raises(NotFound, match=r"nothing is up with .* AWS_PROFILE nor AWS_ENDPOINT_URL .* `menagerie up`"):
            find(tmp_path)
