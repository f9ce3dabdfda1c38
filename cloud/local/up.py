"""`menagerie up`: the whole application on this machine, in the foreground, until it is told to stop."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cloud.deployment import deploy
from cloud.local.children import start_dashboard, start_data_service
from cloud.local.emulator import Emulator, start_emulator, wait_for
from cloud.local.first_model import FirstModel, ensure_current_model, require_data_service, title_of
from cloud.local.ports import LOOPBACK, require_distinct, require_free
from cloud.local.processes import ChildProcess, Guardian
from cloud.local.signals import StopOnSignals
from cloud.local.smoke import predict_an_elephant, wake
from cloud.packaging.lockfile import local_target
from cloud.packaging.package import PARTS, Package, build
from cloud.resources import builds
from cloud.state.directory import StackAddresses, StateDirectory
from cloud.state.durability import Durability
from cloud.steps import Steps
from menagerie.errors import Unavailable
from menagerie.job import DataServiceSource


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen about `menagerie up`."""

    state_dir: Path
    port: int
    data_service_port: int
    dashboard_port: int | None
    """None for no dashboard."""
    data_service_url: str | None
    """None to start our own."""
    source: DataServiceSource
    enforce_iam: bool
    fresh: bool
    recover: bool
    """Whether to go on with an older state if the last one is damaged."""


def run(options: Options, announce: Callable[[StackAddresses], None], steps: Steps) -> None:
    """Bring everything up, announce it, and stay until a signal; then leave no process behind.

    Raises Conflict for a taken port or a second `up`, and Unavailable if something does not come up or dies.
    """
    state = StateDirectory.open(options.state_dir)
    with ExitStack() as cleanup:
        cleanup.enter_context(state.locked())
        _require_free_ports(options)
        if options.fresh:
            state.forget_everything()
        durability = Durability(state, steps)
        durability.begin(recover=options.recover)
        state.forget_addresses()
        if options.data_service_url and not state.has_models:
            require_data_service(options.data_service_url)  # the first model will need it, so say it at once
        signals = cleanup.enter_context(StopOnSignals())
        guardian = cleanup.enter_context(Guardian())
        children: list[ChildProcess] = []
        cleanup.callback(_stop, children, state, durability, steps, signals)
        try:
            addresses = _bring_up(options, state, durability, guardian, children, steps)
            state.write_addresses(addresses)
            announce(addresses)
            while True:
                for child in children:
                    child.raise_if_dead()
                durability.watch()
                time.sleep(0.5)
        except KeyboardInterrupt:
            pass


def _bring_up(
    options: Options,
    state: StateDirectory,
    durability: Durability,
    guardian: Guardian,
    children: list[ChildProcess],
    steps: Steps,
) -> StackAddresses:
    without_models = not state.has_models
    emulator = start_emulator(state, options.port, enforce_iam=options.enforce_iam, guardian=guardian)
    children.append(emulator.process)
    data_service_url = options.data_service_url or f"http://{LOOPBACK}:{options.data_service_port}"
    service = None if options.data_service_url else start_data_service(options.data_service_port, state, guardian)
    children.extend([service] if service else [])

    def wait_for_service() -> None:
        if service:
            wait_for(f"{data_service_url}/api/v1/animals/schema", service)

    first_model = FirstModel(data_service_url, options.source, wait_for_service)
    if without_models:
        first_model.begin()
    with steps.step("Packaging the functions") as update:
        packages = {part: build(part, local_target(), builds() / "local", progress=update) for part in PARTS}
        update(", ".join(f"{p.part} {p.unzipped / 2**20:.0f} MiB" for p in packages.values()))
    with steps.step("Starting the emulator") as update:
        emulator.wait_until_ready()
        update(emulator.endpoint_url)
    with durability.deployment(emulator.clients()):
        outputs = _deploy(emulator, packages, data_service_url, state, steps)
    addresses = StackAddresses(
        api_url=f"{emulator.endpoint_url}/_aws/execute-api/{outputs['ApiId']}/v1",
        api_key=state.secret("api-key"),
        endpoint_url=emulator.endpoint_url,
        dashboard_url=f"http://{LOOPBACK}:{options.dashboard_port}" if options.dashboard_port else None,
        data_service_url=data_service_url,
        client_api_key=state.secret("client-api-key"),
    )
    wake(addresses, "/health")
    dashboard = start_dashboard(addresses, options.dashboard_port, state, guardian)
    if dashboard:
        children.append(dashboard)
    if service:
        with steps.step("Waiting for the data service") as update:
            wait_for_service()
            update(data_service_url)
    _ensure_model(emulator, outputs["ModelsBucketName"], first_model, options, steps)
    with steps.step("Asking the API for a first prediction") as update:
        update(f"the elephant is classified as {predict_an_elephant(addresses, emulator.process, update)}")
    wake(addresses, "/retrain")
    if dashboard:
        with steps.step("Starting the dashboard"):
            wait_for(f"{addresses.dashboard_url}/_stcore/health", dashboard)
    return addresses


def _deploy(
    emulator: Emulator, packages: dict[str, Package], data_service_url: str, state: StateDirectory, steps: Steps
) -> dict[str, str]:
    parameters = {"DataServiceUrl": data_service_url, **state.key_parameters()}
    with steps.step("Deploying template.yaml") as update:
        stack = deploy(emulator.clients(), packages, parameters, progress=update)
        update("created or updated" if stack.changed else "nothing has changed")
    return dict(stack.outputs)


def _ensure_model(emulator: Emulator, bucket: str, first_model: FirstModel, options: Options, steps: Steps) -> None:
    from menagerie.aws.registry import S3ModelRegistry

    registry = S3ModelRegistry(emulator.clients().s3, bucket)
    with steps.step(title_of(registry)) as update:
        _, trained = ensure_current_model(registry, first_model, update)
    if not trained and options.data_service_url is not None:
        try:
            require_data_service(options.data_service_url)
        except Unavailable as error:
            steps.note(f"{error}; until then retraining will fail")


def _require_free_ports(options: Options) -> None:
    ports = {"--port": options.port}
    if options.data_service_url is None:
        ports["--data-service-port"] = options.data_service_port
    if options.dashboard_port is not None:
        ports["--dashboard-port"] = options.dashboard_port
    require_distinct(ports)
    for option, port in ports.items():
        require_free(port, "--dashboard-port or --no-dashboard" if option == "--dashboard-port" else option)


def _stop(
    children: list[ChildProcess], state: StateDirectory, durability: Durability, steps: Steps, signals: StopOnSignals
) -> None:
    """End every child; raise NotSaved if the emulator was there to save its state and did not."""
    signals.ignore()
    state.forget_addresses()
    saves = bool(children) and children[0].exit_status is None
    with steps.step("Stopping and saving the state" if saves else "Stopping what still runs") as update:
        for child in reversed(children[1:]):
            child.stop()
        for emulator in children[:1]:
            emulator.ask_to_stop()
            durability.stop()
            emulator.stop()
        state.clear_temporary()
        if saves:
            update(durability.settle())
    if children and not saves:
        steps.note(durability.outlook())
