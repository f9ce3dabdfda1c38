"""The id of a test is readable, and the same in every process, at any time, on every machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import COLLECTED

ROOT = Path(__file__).resolve().parents[2]

# Another day; the hash seed, time zone and locale come with the environment.
COLLECT_LATER = """
import sys, time
now = time.time
time.time = lambda: now() + 400 * 24 * 3600
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "--no-cov", "-p", "no:randomly", "-p", "no:cacheprovider", "tests"]))
"""


def collected_elsewhere(**environment: str) -> set[str]:
    """Return the ids that another process collects."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-c", COLLECT_LATER],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    return {line for line in done.stdout.splitlines() if "::" in line}


@pytest.fixture(scope="session")
def ids(pytestconfig: pytest.Config) -> set[str]:
    """The ids of all tests: of this run if it collected all, else of another process."""
    collected = {(pytestconfig.invocation_params.dir / argument).resolve() for argument in pytestconfig.args}
    return pytestconfig.stash[COLLECTED] if collected & {ROOT, ROOT / "tests"} else collected_elsewhere()


@pytest.mark.slow
def test_another_process_at_another_time_and_place_collects_the_same_ids(ids: set[str]) -> None:
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    elsewhere = collected_elsewhere(PYTHONHASHSEED=seed, TZ="Pacific/Auckland", LC_ALL="C")
    assert len(ids) > 1000
    assert ids ^ elsewhere == set()


def test_no_id_holds_the_address_of_an_object(pytestconfig: pytest.Config) -> None:
    assert not [each for each in pytestconfig.stash[COLLECTED] if re.search(r"0x[0-9a-f]{6}| object at ", each)]


@pytest.mark.parametrize("value", [pytest.param(b"\x1f\x8b", id="bytes"), pytest.param("x" * 201, id="201 letters")])
def test_a_value_that_is_unsuitable_for_an_id_is_refused_with_a_hint(
    pytestconfig: pytest.Config, value: object
) -> None:
    with pytest.raises(pytest.UsageError, match=r"content=.* is no suitable test id; name it with pytest.param"):
        pytestconfig.hook.pytest_make_parametrize_id(config=pytestconfig, val=value, argname="content")


@pytest.mark.parametrize("value", ["4,0.5,25,0,1", 7, None, True])
def test_a_short_text_or_a_number_is_its_own_id(pytestconfig: pytest.Config, value: object) -> None:
    assert pytestconfig.hook.pytest_make_parametrize_id(config=pytestconfig, val=value, argname="line") is None
