"""What can be chosen about a run of the tests, and what holds for all of them."""

from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# No test here is about time, and a machine that is busy with two clouds is slow now and then.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

LONGEST_ID = 200
COLLECTED = pytest.StashKey[set[str]]()
"""The ids of all tests that this run found, also of those that it then left out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        metavar="STACK.JSON",
        help="drive the end-to-end routes of a stack that is up already, such as docker compose's, not of an own one",
    )
    parser.addoption(
        "--sam-local",
        metavar="URL",
        help="drive them through `sam local start-api` at this address; what that does not do is skipped",
    )


def pytest_make_parametrize_id(val: object, argname: str) -> None:
    """Refuse a value that would make an id of bytes or of a page of text: `pytest.param(…, id="…")` names it instead.

    Bytes are rarely the same in two processes: those of gzip hold the second at which they were made, and pytest-xdist
    gives up when its workers collect different ids.
    """
    if isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_ID):
        raise pytest.UsageError(f"{argname}={val[:40]!r}… makes no id of a test; name it with pytest.param(…, id=…)")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Put what needs a cloud first, each kind in its random order: a worker that begins with it last works alone."""
    config.stash[COLLECTED] = {item.nodeid for item in items}
    yield
    items.sort(key=lambda item: not any(item.iter_markers("e2e")) and not any(item.iter_markers("browser")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured and did not judge: `record_property("measured", …)`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")
