"""The embedded cloud: MiniStack as a child process, on loopback only, with its state in the state folder."""

import os
import sys
import time
from dataclasses import dataclass

import boto3
import httpx2

from cloud.clients import Clients
from cloud.ports import LOOPBACK
from cloud.processes import ChildProcess, Guardian
from cloud.state import StateDirectory
from menagerie.errors import Unavailable

REGION = "eu-west-1"
ACCOUNT = "000000000000"
SERVICES = ("apigateway", "cloudformation", "dynamodb", "events", "iam", "lambda", "logs", "monitoring", "s3", "sts")
START_SECONDS = 60.0


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
        """Return once it answers; raise Unavailable if it dies or takes longer than a minute."""
        wait_for(f"{self.endpoint_url}/_ministack/health", self.process, START_SECONDS)


def emulator_clients(endpoint_url: str, secret_key: str) -> Clients:
    """Return AWS clients with an emulator's address and root credentials."""
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=secret_key, region_name=REGION)
    return Clients(session, endpoint_url)


def start_emulator(state: StateDirectory, port: int, *, enforce_iam: bool, guardian: Guardian) -> Emulator:
    """Start MiniStack; it does not answer yet when this returns."""
    state.clear_temporary()
    secret_key = state.secret("emulator-secret-key")
    environment = {
        **_without_aws(os.environ),
        "AUTH": "true" if enforce_iam else "false",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state.objects),
        "S3_PERSIST": "1",
        "SERVICES": ",".join(SERVICES),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(state.services),
        "TMPDIR": str(state.temporary),
    }
    process = ChildProcess(
        "emulator",
        [sys.executable, "-m", "cloud.counting_ministack"],
        env=environment,
        log=state.log("emulator"),
        guardian=guardian,
    )
    return Emulator(process, f"http://{LOOPBACK}:{port}", secret_key)


def wait_for(url: str, process: ChildProcess, seconds: float) -> None:
    """Poll an address until it answers 200; raise Unavailable if its process dies or time runs out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        process.raise_if_dead()
        try:
            if httpx2.get(url, timeout=2.0, trust_env=False).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise Unavailable(f"the {process.name} did not answer at {url} within {seconds:.0f} s; see {process.log}")


def _without_aws(environment: "os._Environ[str]") -> dict[str, str]:
    # A profile or endpoint of the person's own must not leak into the emulator or its functions.
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}
