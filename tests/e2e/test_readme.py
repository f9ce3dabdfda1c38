"""The shell commands in the README work as written."""

import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import Up
from tests.e2e.test_routes import wait_until_idle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
EXPORTS = next(block for block in BLOCKS if "export API" in block)
CURLS = [block for block in BLOCKS if "curl " in block]


def test_the_readme_shows_how_to_call_the_api() -> None:
    assert len(CURLS) >= 4


@pytest.mark.parametrize("block", CURLS, ids=lambda block: block.split('"')[1].removeprefix("$API"))
def test_the_commands_of_the_readme_work(up: Up, api: httpx2.Client, tmp_path: Path, block: str) -> None:
    (tmp_path / ".menagerie").symlink_to(up.state_dir)
    wait_until_idle(api)
    script = EXPORTS + block.replace("curl ", "echo; curl --fail-with-body ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert len(answers) == block.count("curl ")
