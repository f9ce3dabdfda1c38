"""Options and settings for all tests."""

import io
import logging
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from functions.log import function_log

# These tests do not measure time, and a machine that runs two clouds is slow now and then.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

LONGEST_ID = 200
COLLECTED = pytest.StashKey[set[str]]()
"""The ids of all collected tests, including deselected ones."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        metavar="STACK.JSON",
        help="run the end-to-end routes on this running stack, such as that of docker compose",
    )
    parser.addoption(
        "--sam-local",
        metavar="URL",
        help="run them through `sam local start-api` at this address; tests of API keys are skipped",
    )


class _CurrentOutput(io.TextIOBase):
    """Writes to standard output as it is redirected at the time of each line."""

    def write(self, text: str, /) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture(autouse=True)
def _log_to_current_output() -> None:
    """Redirect the logs of the functions, which live as long as the process, to the output of the running test."""
    for service in ("predict", "retrain", "train"):
        # Created here, as a log that a later fixture creates would keep the output of that moment.
        function_log(service)
        for handler in logging.getLogger(service).handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.stream = _CurrentOutput()


def pytest_make_parametrize_id(val: object, argname: str) -> None:
    """Refuse bytes and long texts as part of a test's id: `pytest.param(…, id="…")` names them instead.

    Such bytes may differ between processes, as gzip's contain the time, and pytest-xdist fails if its workers collect
    different ids.
    """
    if isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_ID):
        raise pytest.UsageError(f"{argname}={val[:40]!r}… is no suitable test id; name it with pytest.param(…, id=…)")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Run tests that need a cloud first: a worker that started one last would run alone at the end."""
    config.stash[COLLECTED] = {item.nodeid for item in items}
    yield
    items.sort(key=lambda item: not any(item.iter_markers("e2e")) and not any(item.iter_markers("browser")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the measurements that tests recorded with `record_property("measured", …)`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")
