"""What can be chosen about a run of the tests, and what holds for all of them."""

import pytest
from hypothesis import HealthCheck, settings

# No test here is about time, and a machine that is busy with two clouds is slow now and then.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured and did not judge: `record_property("measured", …)`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")
