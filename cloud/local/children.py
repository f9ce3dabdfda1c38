"""The other programs that `menagerie up` starts beside the emulator."""

import sys

from cloud.environment import child_environment
from cloud.local.ports import LOOPBACK
from cloud.local.processes import ChildProcess, Guardian
from cloud.resources import package_folder
from cloud.state.directory import StackAddresses, StateDirectory


def start_data_service(port: int, state: StateDirectory, guardian: Guardian) -> ChildProcess:
    """Start our own data service on loopback."""
    command = [sys.executable, "-P", "-m", "cloud.cli", "data-service", "--host", LOOPBACK, "--port", str(port)]
    command += ["--allowed-hosts-file", str(state.allowed_hosts)]
    environment = child_environment(state.home)
    return ChildProcess("data service", command, env=environment, log=state.log("data-service"), guardian=guardian)


def start_dashboard(
    addresses: StackAddresses, port: int | None, state: StateDirectory, guardian: Guardian
) -> ChildProcess | None:
    """Start the dashboard with the addresses and the key in its environment; nothing without a port."""
    if port is None:
        return None
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
    # Streamlit reads .streamlit/config.toml of the folder that it is started in, which is the person's.
    return ChildProcess(
        "dashboard", command, env=environment, log=state.log("dashboard"), guardian=guardian, folder=state.home
    )
