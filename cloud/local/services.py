"""Start the emulator, the data service and the dashboard as child processes, on loopback only."""

import os
import sys
import time
from dataclasses import dataclass

import httpx2

from cloud.clients import Clients, isolated_session
from cloud.environment import child_environment
from cloud.local.ports import LOOPBACK
from cloud.local.processes import LIMIT_SECONDS, ChildProcess, Guardian
from cloud.resources import package_folder
from cloud.state.directory import StackAddresses, StateDirectory
from menagerie.errors import Unavailable
from menagerie.http_client import http_client

REGION = "eu-west-1"
ACCOUNT = "000000000000"
EMULATED_SERVICES = (
    "apigateway",
    "cloudformation",
    "dynamodb",
    "dynamodbstreams",
    "events",
    "iam",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "sts",
)


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator with its address and credentials."""

    process: ChildProcess
    endpoint_url: str
    secret_key: str

    def clients(self) -> Clients:
        """Return AWS clients for this emulator."""
        return emulator_clients(self.endpoint_url, self.secret_key)

    def wait_until_ready(self) -> None:
        """Wait until the emulator responds. Raise Unavailable if it ends or does not respond within ten minutes."""
        wait_for(f"{self.endpoint_url}/_ministack/health", self.process)


def emulator_clients(endpoint_url: str, secret_key: str) -> Clients:
    """Return AWS clients with the address and the root credentials of an emulator."""
    return Clients(isolated_session(ACCOUNT, secret_key, REGION), endpoint_url)


def start_emulator(state: StateDirectory, port: int, *, enforce_iam: bool, guardian: Guardian) -> Emulator:
    """Start MiniStack with its state in the state folder; use `wait_until_ready` before the first request."""
    state.clear_temporary()
    state.allowed_hosts.unlink(missing_ok=True)
    secret_key = state.secret("emulator-secret-key")
    environment = {
        "AUTH": "true" if enforce_iam else "false",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        # The functions inherit both configuration variables and so never read the user's profiles.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "MENAGERIE_ALLOWED_HOSTS_FILE": str(state.allowed_hosts),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state.objects),
        "S3_PERSIST": "1",
        "SERVICES": ",".join(EMULATED_SERVICES),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(state.running),
        "TMPDIR": str(state.temporary),
    }
    process = ChildProcess(
        "emulator",
        [sys.executable, "-P", "-m", "cloud.perimeter.guarded_ministack"],
        env=child_environment(state.home, environment),
        log=state.log("emulator"),
        guardian=guardian,
        grace=LIMIT_SECONDS,  # a kill would lose unsaved state
    )
    return Emulator(process, f"http://{LOOPBACK}:{port}", secret_key)


def start_data_service(port: int, state: StateDirectory, guardian: Guardian) -> ChildProcess:
    """Start the project's own data service."""
    command = [sys.executable, "-P", "-m", "cloud.cli", "data-service", "--host", LOOPBACK, "--port", str(port)]
    command += ["--allowed-hosts-file", str(state.allowed_hosts)]
    environment = child_environment(state.home)
    return ChildProcess("data service", command, env=environment, log=state.log("data-service"), guardian=guardian)


def start_dashboard(addresses: StackAddresses, port: int, state: StateDirectory, guardian: Guardian) -> ChildProcess:
    """Start the dashboard with the addresses and the API key in its environment."""
    command = [
        sys.executable, "-P", "-m", "streamlit", "run", str(package_folder("frontend") / "app.py"),
        "--server.address", LOOPBACK, "--server.port", str(port), "--server.headless", "true",
        "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false",
    ]  # fmt: skip
    settings = {
        "MENAGERIE_API_URL": addresses.api_url,
        "MENAGERIE_API_KEY": addresses.api_key,
        "MENAGERIE_DATA_SERVICE_URL": addresses.data_service_url,
    }
    environment = child_environment(state.home, settings)
    # In the user's folder, Streamlit would read the user's .streamlit/config.toml.
    return ChildProcess(
        "dashboard", command, env=environment, log=state.log("dashboard"), guardian=guardian, folder=state.home
    )


def wait_for(url: str, process: ChildProcess, seconds: float = LIMIT_SECONDS) -> None:
    """Poll a URL until it returns 200. Raise Unavailable if its process ends or the time is up."""
    deadline = time.monotonic() + seconds
    with http_client(url, timeout=10.0) as client:
        while time.monotonic() < deadline:
            process.raise_if_dead()
            try:
                if client.get(url).status_code == httpx2.codes.OK:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
    raise Unavailable(f"the {process.name} did not respond at {url} within {seconds:.0f} s; see {process.log}")
