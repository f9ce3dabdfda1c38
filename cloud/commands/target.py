"""Which cloud a command speaks to: the embedded one that is up, or what the environment says."""

import os
from pathlib import Path

import boto3

from cloud.clients import Clients
from cloud.emulator import emulator_clients
from cloud.state import StateDirectory
from menagerie.errors import NotFound


def clients_for(state_dir: Path) -> Clients:
    """Return clients for the cloud that is up with a state folder, else for AWS_ENDPOINT_URL or the AWS profile."""
    state = StateDirectory.existing(state_dir)
    if state is not None and state.running_pid() is not None:
        return emulator_clients(state.addresses().endpoint_url, state.secret("emulator-secret-key"))
    if not {"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"} & set(os.environ):
        raise NotFound(
            f"nothing is up with {state_dir}, and neither AWS_PROFILE nor AWS_ENDPOINT_URL says which cloud is meant"
        )
    return Clients(boto3.Session())
