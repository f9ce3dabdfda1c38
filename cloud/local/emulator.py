"""The embedded cloud: MiniStack as a child process, on loopback only, with its state in the state folder."""

import os
import sys
import time
from dataclasses import dataclass

import httpx2

from cloud.clients import Clients, isolated_session
from cloud.environment import child_environment
from cloud.local.ports import LOOPBACK
from cloud.local.processes import LIMIT_SECONDS, ChildProcess, Guardian
from cloud.state.directory import StateDirectory
from menagerie.errors import Unavailable
from menagerie.http_client import http_client

REGION = "eu-west-1"
ACCOUNT = "000000000000"
SERVICES = (
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
    """A running emulator and how to speak to it."""

    process: ChildProcess
    endpoint_url: str
    secret_key: str

    def clients(self) -> Clients:
        """AWS clients that speak to this emulator."""
        return emulator_clients(self.endpoint_url, self.secret_key)

    def wait_until_ready(self) -> None:
        """Return once it answers; raise Unavailable if it dies or takes longer than ten minutes."""
        wait_for(f"{self.endpoint_url}/_ministack/health", self.process)


def emulator_clients(endpoint_url: str, secret_key: str) -> Clients:
    """Return AWS clients with an emulator's address and root credentials."""
    return Clients(isolated_session(ACCOUNT, secret_key, REGION), endpoint_url)


def start_emulator(state: StateDirectory, port: int, *, enforce_iam: bool, guardian: Guardian) -> Emulator:
    """Start MiniStack; it does not answer yet when this returns."""
    state.clear_temporary()
    state.allowed_hosts.unlink(missing_ok=True)
    secret_key = state.secret("emulator-secret-key")
    environment = {
        "AUTH": "true" if enforce_iam else "false",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        # The functions inherit these two as well: none of them reads the person's profiles.
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
        "SERVICES": ",".join(SERVICES),
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
        grace=LIMIT_SECONDS,  # what it has not saved when it is killed is lost
    )
    return Emulator(process, f"http://{LOOPBACK}:{port}", secret_key)


def wait_for(url: str, process: ChildProcess, seconds: float = LIMIT_SECONDS) -> None:
    """Poll an address until it answers 200; raise Unavailable if its process dies or time runs out."""
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
    raise Unavailable(f"the {process.name} did not answer at {url} within {seconds:.0f} s; see {process.log}")
