"""What can be chosen about a run of the tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        metavar="STACK.JSON",
        help="drive the end-to-end routes of a stack that is up already, such as docker compose's, not of an own one",
    )
