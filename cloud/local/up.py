"""`menagerie up`: run the whole application on this machine, in the foreground, until a signal."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from cloud.console import Steps, Update
from cloud.deployment import api_url, deploy
from cloud.local.first_model import FirstModel, ensure_current_model, require_data_service, title_of
from cloud.local.ports import LOOPBACK, require_distinct, require_free
from cloud.local.processes import LIMIT_SECONDS, ChildProcess, Guardian, StopOnSignals
from cloud.local.services import Emulator, start_dashboard, start_data_service, start_emulator, wait_for
from cloud.packaging.lockfile import local_target
from cloud.packaging.package import PARTS, Package, build
from cloud.resources import builds
from cloud.state.directory import StackAddresses, StateDirectory
from cloud.state.durability import Durability
from menagerie.animal import EXAMPLES, KNOWN_SPECIES
from menagerie.errors import Unavailable
from menagerie.http_client import http_client
from menagerie.job import DataServiceSource

FIRST_ANIMAL = EXAMPLES[KNOWN_SPECIES[0]]
SECONDS_BETWEEN_CHECKS = 0.5


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `menagerie up`."""

    state_dir: Path
    port: int
    data_service_port: int
    dashboard_port: int | None
    """None for no dashboard."""
    data_service_url: str | None
    """None to start the project's own data service."""
    source: DataServiceSource
    enforce_iam: bool
    fresh: bool
    recover: bool
    """Whether to continue with an older state if the last one is damaged."""


def run(options: Options, announce: Callable[[StackAddresses], None], steps: Steps) -> None:
    """Start the application, announce its addresses, wait for a signal, then end every process.

    Raises Conflict for a port that is in use or a second `up`, and Unavailable if a process does not start or ends.
    """
    state = StateDirectory.open(options.state_dir)
    with ExitStack() as cleanup:
        cleanup.enter_context(state.locked())
        _require_free_ports(options)
        if options.fresh:
            state.delete_everything()
        durability = Durability(state, steps)
        durability.begin(recover=options.recover)
        state.delete_addresses()
        if options.data_service_url and not state.has_models:
            require_data_service(options.data_service_url)  # before anything starts: the first model needs it
        signals = cleanup.enter_context(StopOnSignals())
        guardian = cleanup.enter_context(Guardian())
        application = _Application(options, state, durability, guardian, steps)
        cleanup.callback(application.stop, signals)
        with suppress(KeyboardInterrupt):
            addresses = application.start()
            state.write_addresses(addresses)
            announce(addresses)
            application.watch()


class _Application:
    """The emulator with the deployed stack, the data service and the dashboard."""

    def __init__(
        self, options: Options, state: StateDirectory, durability: Durability, guardian: Guardian, steps: Steps
    ) -> None:
        self._options = options
        self._state = state
        self._durability = durability
        self._guardian = guardian
        self._steps = steps
        self._emulator: Emulator | None = None
        self._beside: list[ChildProcess] = []
        """The data service and the dashboard, in the order of their start."""

    def start(self) -> StackAddresses:
        """Start everything and return the addresses once a first prediction has succeeded."""
        options, state = self._options, self._state
        has_models = state.has_models
        emulator = start_emulator(state, options.port, enforce_iam=options.enforce_iam, guardian=self._guardian)
        self._emulator = emulator
        data_service_url, wait_for_data_service = self._start_data_service()
        first_model = FirstModel(data_service_url, options.source, wait_for_data_service)
        if not has_models:
            first_model.begin()  # in the background: training needs no emulator
        packages = self._package()
        with self._steps.step("Starting the emulator") as update:
            emulator.wait_until_ready()
            update(emulator.endpoint_url)
        outputs = self._deploy(emulator, packages, data_service_url)
        addresses = StackAddresses(
            api_url=api_url(outputs, emulator.endpoint_url),
            api_key=state.secret("api-key"),
            endpoint_url=emulator.endpoint_url,
            dashboard_url=f"http://{LOOPBACK}:{options.dashboard_port}" if options.dashboard_port else None,
            data_service_url=data_service_url,
            client_api_key=state.secret("client-api-key"),
        )
        warm_up(addresses, "/health")
        dashboard = None
        if options.dashboard_port:
            dashboard = start_dashboard(addresses, options.dashboard_port, state, self._guardian)
            self._beside.append(dashboard)
        if options.data_service_url is None:
            with self._steps.step("Waiting for the data service") as update:
                wait_for_data_service()
                update(data_service_url)
        self._ensure_model(emulator, outputs["ModelsBucketName"], first_model)
        with self._steps.step("Requesting a first prediction") as update:
            update(f"an example is classified as {first_prediction(addresses, emulator.process, update)}")
        warm_up(addresses, "/retrain")
        if dashboard:
            with self._steps.step("Starting the dashboard"):
                wait_for(f"{addresses.dashboard_url}/_stcore/health", dashboard)
        return addresses

    def watch(self) -> None:
        """Check the processes, the disk and the journal until a signal; raise Unavailable if a process ends."""
        while True:
            for child in self._children():
                child.raise_if_dead()
            self._durability.watch()
            time.sleep(SECONDS_BETWEEN_CHECKS)

    def stop(self, signals: StopOnSignals) -> None:
        """End every process; raise NotSaved if the emulator was running and did not save its state."""
        signals.ignore()
        self._state.delete_addresses()
        emulator = self._emulator.process if self._emulator else None
        saves = emulator is not None and emulator.exit_status is None
        with self._steps.step("Stopping and saving the state" if saves else "Stopping the other processes") as update:
            for child in reversed(self._beside):
                child.stop()
            if emulator:
                emulator.request_stop()
                self._durability.stop()
                emulator.stop()
            self._state.clear_temporary()
            if saves:
                update(self._durability.settle())
        if emulator and not saves:
            self._steps.note(self._durability.outlook())

    def _children(self) -> list[ChildProcess]:
        return [*([self._emulator.process] if self._emulator else []), *self._beside]

    def _start_data_service(self) -> tuple[str, Callable[[], None]]:
        """Return the address of the data service, started unless it is a foreign one, and a function to wait for it."""
        options = self._options
        if options.data_service_url:
            return options.data_service_url, lambda: None
        url = f"http://{LOOPBACK}:{options.data_service_port}"
        service = start_data_service(options.data_service_port, self._state, self._guardian)
        self._beside.append(service)
        return url, lambda: wait_for(f"{url}/api/v1/animals/schema", service)

    def _package(self) -> dict[str, Package]:
        with self._steps.step("Packaging the functions") as update:
            packages = {part: build(part, local_target(), builds() / "local", progress=update) for part in PARTS}
            update(", ".join(f"{p.part} {p.unzipped / 2**20:.0f} MiB" for p in packages.values()))
        return packages

    def _deploy(self, emulator: Emulator, packages: dict[str, Package], data_service_url: str) -> dict[str, str]:
        # The emulator has no TLS.
        parameters = {"DataServiceUrl": data_service_url, "RequireTls": "false", **self._state.key_parameters()}
        with (
            self._durability.deployment(emulator.clients()),
            self._steps.step("Deploying template.yaml") as update,
        ):
            stack = deploy(emulator.clients(), packages, parameters, progress=update)
            update("created or updated" if stack.changed else "no changes")
        return dict(stack.outputs)

    def _ensure_model(self, emulator: Emulator, bucket: str, first_model: FirstModel) -> None:
        from menagerie.aws.registry import S3ModelRegistry

        registry = S3ModelRegistry(emulator.clients().s3, bucket)
        with self._steps.step(title_of(registry)) as update:
            trained = ensure_current_model(registry, first_model, update)
        if not trained and self._options.data_service_url is not None:
            try:
                require_data_service(self._options.data_service_url)
            except Unavailable as error:
                self._steps.note(f"{error}; until then retraining fails")


def first_prediction(addresses: StackAddresses, emulator: ChildProcess, progress: Update) -> str:
    """Classify one example animal over HTTP and return the species. Retries server errors while the emulator runs.

    Raises Unavailable if the emulator ends, if the request is refused, or after ten minutes.
    """
    deadline = time.monotonic() + LIMIT_SECONDS
    last = "no response"
    with _client(addresses) as client:
        while time.monotonic() < deadline:
            emulator.raise_if_dead()
            try:
                response = client.post("/predict", json={"animals": [FIRST_ANIMAL.model_dump()]})
            except httpx2.TransportError as error:
                last = type(error).__name__
            else:
                if response.status_code == httpx2.codes.OK:
                    return str(response.json()["predictions"][0]["species"])
                last = f"status {response.status_code}, {response.text[:200]}"
                if response.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                    break
            progress(f"{last}; trying again")
            time.sleep(0.2)
    raise Unavailable(f"POST {addresses.api_url}/predict failed: {last}")


def warm_up(addresses: StackAddresses, route: str) -> None:
    """Request a route in the background, so that its function has started before a user needs it.

    Ignores the response: a slow start is no reason to stop.
    """

    def request() -> None:
        with suppress(httpx2.TransportError), _client(addresses) as client:
            client.get(route)

    threading.Thread(target=request, daemon=True).start()


def _client(addresses: StackAddresses) -> httpx2.Client:
    url = addresses.api_url
    return http_client(url, timeout=30.0, base_url=url, headers={"x-api-key": addresses.api_key})


def _require_free_ports(options: Options) -> None:
    ports = {"--port": options.port}
    if options.data_service_url is None:
        ports["--data-service-port"] = options.data_service_port
    if options.dashboard_port is not None:
        ports["--dashboard-port"] = options.dashboard_port
    require_distinct(ports)
    for option, port in ports.items():
        require_free(port, "--dashboard-port or --no-dashboard" if option == "--dashboard-port" else option)
