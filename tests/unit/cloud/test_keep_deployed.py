"""`menagerie deploy --keep`: a missing stack is deployed again, and stack.json exists only while it is there."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from cloud.commands.deploy import keep_deployed
from cloud.console import Steps
from cloud.state.directory import StackAddresses, StateDirectory
from menagerie.errors import InvalidInput, NotFound, Unavailable

ADDRESSES = StackAddresses("http://api", "a-key", "http://cloud", None, "http://data")


class Ended(Exception):
    """Stands for the signal that ends the command."""


class Cloud:
    """An emulator with scripted responses: whether the stack exists, or an error."""

    def __init__(self, state: StateDirectory, *script: bool | Exception) -> None:
        self.state, self.script = state, list(script)
        self.deployments = 0
        self.seen: list[bool] = []

    def deploy(self) -> None:
        self._next()
        self.deployments += 1
        self.state.write_addresses(ADDRESSES)

    def is_deployed(self) -> bool:
        return self._next()

    def wait(self, _seconds: float) -> None:
        try:
            self.state.addresses()
            self.seen.append(True)
        except NotFound:
            self.seen.append(False)

    def _next(self) -> bool:
        if not self.script:
            raise Ended
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., tuple[Cloud, str]]:
    """Run until the script ends; return the cloud and the printed text."""

    def keep(*script: bool | Exception) -> tuple[Cloud, str]:
        printed = StringIO()
        state = StateDirectory.open(tmp_path / "state")
        cloud = Cloud(state, *script)
        state.write_addresses(ADDRESSES)  # left by an earlier run
        with pytest.raises(Ended):
            keep_deployed(cloud.deploy, cloud.is_deployed, state, Steps(Console(file=printed)), wait=cloud.wait)
        return cloud, printed.getvalue()

    return keep


def refused() -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url="http://localstack:4566/")


def test_a_cloud_that_does_not_respond_yet_is_retried(keep: Callable[..., tuple[Cloud, str]]) -> None:
    cloud, printed = keep(refused(), Unavailable("stack menagerie is ROLLBACK_COMPLETE"), True, True)
    assert cloud.deployments == 1
    assert cloud.seen == [False, False, True]
    assert "Could not connect" in printed
    assert "trying again" in printed


def test_a_missing_stack_is_deployed_again(keep: Callable[..., tuple[Cloud, str]]) -> None:
    cloud, printed = keep(True, True, False, True, True)
    assert cloud.deployments == 2
    assert cloud.seen == [True, False, True]
    assert "the stack does not exist any more" in printed


def test_there_are_no_addresses_while_the_cloud_does_not_respond(keep: Callable[..., tuple[Cloud, str]]) -> None:
    cloud, _ = keep(True, True, refused(), True, True)
    assert cloud.seen == [True, False, True]


def test_a_wrong_command_line_is_not_retried(tmp_path: Path) -> None:
    state = StateDirectory.open(tmp_path / "state")
    cloud = Cloud(state, InvalidInput("the template has no parameter X"))
    with pytest.raises(InvalidInput):
        keep_deployed(cloud.deploy, cloud.is_deployed, state, Steps(Console(file=StringIO())), wait=cloud.wait)
    assert cloud.seen == []
