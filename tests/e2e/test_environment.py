"""A person's own AWS settings, proxies and variables of servers change nothing about the embedded cloud."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.local.ports import choose_free
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Each of these alone made `up` fail, or some command after it.
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
def person(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a person whose home folder has settings that do not parse."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[broken\nx", encoding="utf-8")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "config.toml").write_text('[server]\nbaseUrlPath = "elsewhere"\n', encoding="utf-8")
    return {**os.environ, **HOSTILE, "HOME": str(home)}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, person: dict[str, str]) -> Iterator[Path]:
    """The state folder of an `up` in that environment, dashboard included."""
    state = tmp_path_factory.mktemp("cloud") / "state"
    ports = {"--port": choose_free(), "--data-service-port": choose_free(), "--dashboard-port": choose_free()}
    words = [word for option, port in ports.items() for word in (option, str(port))]
    # Where dependencies have to be installed first, the proxy is meant to be used, and this one is none.
    package = [sys.executable, "-m", "cloud.cli", "package", "--python-version", "local", "--output", "build/local"]
    subprocess.run(package, check=True, capture_output=True)
    command = [sys.executable, "-m", "cloud.cli", "up", "--state-dir", str(state), *words]
    path = state.with_suffix(".log")
    with path.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=person["HOME"], env=person, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until((state / "stack.json").exists, what="everything to answer", process=process, log=path)
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
def test_a_command_speaks_to_the_embedded_cloud(state: Path, person: dict[str, str], command: str) -> None:
    words = [sys.executable, "-m", "cloud.cli", *command.split(), "--state-dir", str(state)]
    done = subprocess.run(words, env=person, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
