"""AWS settings, proxies and server variables in the user's environment do not affect the embedded cloud."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.local.ports import choose_free
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Each of these made `up` or a later command fail.
HOSTILE = {
    "AWS_PROFILE": "nosuch",
    "AWS_DEFAULT_REGION": "mars-1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
    "USE_SSL": "1",
    "LAMBDA_EXECUTOR": "docker",
    "MINISTACK_HOST": "elsewhere.example",
    "STREAMLIT_SERVER_BASE_URL_PATH": "/elsewhere",
    "STREAMLIT_SERVER_SSL_CERT_FILE": "/elsewhere",
    "PYTHONSTARTUP": "/elsewhere",
    "LC_ALL": "C",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
}


@pytest.fixture(scope="module")
def user_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user's environment with these variables and a home folder with invalid settings."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[broken\nx", encoding="utf-8")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "config.toml").write_text('[server]\nbaseUrlPath = "elsewhere"\n', encoding="utf-8")
    return {**os.environ, **HOSTILE, "HOME": str(home)}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, user_environment: dict[str, str]) -> Iterator[Path]:
    """The state folder of an `up` in that environment, with the dashboard."""
    state = tmp_path_factory.mktemp("cloud") / "state"
    ports = {"--port": choose_free(), "--data-service-port": choose_free(), "--dashboard-port": choose_free()}
    words = [word for option, port in ports.items() for word in (option, str(port))]
    # Installing dependencies uses the proxy of the environment, which does not exist, so package them before.
    package = [sys.executable, "-m", "cloud.cli", "package", "--python-version", "local", "--output", "build/local"]
    subprocess.run(package, check=True, capture_output=True)
    command = [sys.executable, "-m", "cloud.cli", "up", "--state-dir", str(state), *words]
    path = state.with_suffix(".log")
    with path.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=user_environment["HOME"], env=user_environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until((state / "stack.json").exists, what="all parts to be ready", process=process, log=path)
        yield state
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "models list",
        "logs predict",
        "invoke predict events/health.json",
        "retrain --wait --promote never",
    ],
)
def test_a_command_uses_the_embedded_cloud(state: Path, user_environment: dict[str, str], command: str) -> None:
    words = [sys.executable, "-m", "cloud.cli", *command.split(), "--state-dir", str(state)]
    done = subprocess.run(words, env=user_environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
