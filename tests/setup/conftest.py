"""Fixtures for the tests of set-up."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.setup.checkout import Checkout, make_checkout
from tests.setup.wheels import locked, make_wheel


@pytest.fixture
def checkout_at(tmp_path: Path) -> Callable[[str], Checkout]:
    """Return a function that creates a checkout in a folder. Its two locked packages have newer releases."""

    def make(name: str) -> Checkout:
        wheels = tmp_path / "wheels"
        requires = ["Requires-Dist: coat[fur]>=1.0"]
        dog, coat = (
            make_wheel(wheels, "dog", "1.0", requires),
            make_wheel(wheels, "coat", "1.0", ["Provides-Extra: fur"]),
        )
        make_wheel(wheels, "dog", "2.0", requires)
        make_wheel(wheels, "coat", "2.0", ["Provides-Extra: fur"])
        return make_checkout(tmp_path / name, tmp_path, locked(coat) + locked(dog))

    return make


@pytest.fixture
def checkout(checkout_at: Callable[[str], Checkout]) -> Checkout:
    return checkout_at("zoo")
