"""Train and promote a first model from the data service if the registry has no current one."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

import httpx2

from cloud.console import Update
from menagerie.errors import Unavailable, UnreadablePointer
from menagerie.http_client import http_client
from menagerie.job import DataServiceSource
from menagerie.ports.registry import ModelRegistry

if TYPE_CHECKING:
    from menagerie.job import Stage
    from menagerie.manifest import Pointer
    from training.pipeline import TrainedModel

SECONDS_BETWEEN_UPDATES = 0.1


class FirstModel:
    """The training of a first model in a thread. It needs no cloud, so it can begin before the emulator is ready."""

    def __init__(
        self, data_service_url: str, source: DataServiceSource, wait_for_service: Callable[[], None] = lambda: None
    ) -> None:
        """Take the source of the rows, and a function that waits for a data service that is still starting."""
        self._data_service_url = data_service_url
        self._source = source
        self._wait_for_service = wait_for_service
        self._trained: Future[TrainedModel] = Future()
        self._stage = ""
        # A daemon thread: a stop does not wait for the training.
        self._thread = threading.Thread(target=self._train, daemon=True)

    def begin(self) -> None:
        """Start the training unless it has been started."""
        if not self._thread.ident:
            self._thread.start()

    def result(self, progress: Update) -> "TrainedModel":
        """Wait for the model; raise Unavailable without a data service, or TrainingFailed."""
        self.begin()
        while not self._trained.done():
            progress(self._stage)
            wait([self._trained], SECONDS_BETWEEN_UPDATES)
        return self._trained.result()

    def _train(self) -> None:
        try:
            self._wait_for_service()
            require_data_service(self._data_service_url)
            from training.sources import train_from_data_service

            url, source = self._data_service_url, self._source
            self._trained.set_result(train_from_data_service(url, source, parent=None, report=self._report))
        except BaseException as error:  # noqa: BLE001  # `result` raises it
            self._trained.set_exception(error)

    def _report(self, stage: "Stage", progress: float) -> None:
        self._stage = f"{stage} {progress:.0%}"


def _current(registry: ModelRegistry) -> "Pointer | None":
    """Return the pointer, or None if it is missing or unreadable: the first model then replaces it."""
    try:
        return registry.current()
    except UnreadablePointer:
        return None


def title_of(registry: ModelRegistry) -> str:
    """Return the title of the step that `ensure_current_model` performs."""
    return "Reading the current model" if _current(registry) else "Training the first model"


def ensure_current_model(registry: ModelRegistry, first: FirstModel, progress: Update) -> bool:
    """Publish the first model if there is no current one; return whether there was none.

    Raises Unavailable without a data service.
    """
    pointer = _current(registry)
    if pointer is not None:
        progress(f"{pointer.version} is current")
        return False
    trained = first.result(progress)
    from training.publishing import publish

    publication = publish(trained, registry, "always")
    accuracy = publication.manifest.metrics.accuracy
    progress(f"{publication.manifest.version}, accuracy {accuracy:.4f} on held-out rows")
    return True


def require_data_service(url: str) -> None:
    """Raise Unavailable if no data service responds at an address."""
    try:
        with http_client(url, timeout=10.0) as client:
            client.get(f"{url.rstrip('/')}/api/v1/animals/schema").raise_for_status()
    except httpx2.HTTPError as error:
        raise Unavailable(
            f"no data service responds at {url} ({type(error).__name__}); start one with `menagerie data-service`, "
            "or omit --data-service-url to start one automatically"
        ) from error
