"""A registry without a current model gets one: trained here, from the data service, and promoted."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

import httpx2

from menagerie.errors import Unavailable, UnreadablePointer
from menagerie.http_client import http_client
from menagerie.job import DataServiceSource
from menagerie.registry import ModelRegistry

if TYPE_CHECKING:
    from menagerie.job import Stage
    from menagerie.registry import Pointer
    from training.pipeline import TrainedModel

Tell = Callable[[str], None]
TOLD_EVERY_S = 0.1


class FirstModel:
    """The training of a first model. It needs no cloud, so it may begin while one still starts."""

    def __init__(
        self, data_service_url: str, source: DataServiceSource, wait_for_service: Callable[[], None] = lambda: None
    ) -> None:
        """Take where rows come from and, if that has just been started, what returns once something answers there."""
        self._data_service_url = data_service_url
        self._source = source
        self._wait_for_service = wait_for_service
        self._trained: Future[TrainedModel] = Future()
        self._told = ""
        # A daemon: whoever stops everything does not wait for a model that nobody will use.
        self._thread = threading.Thread(target=self._train, daemon=True)

    def begin(self) -> None:
        """Begin to train; again has no effect."""
        if not self._thread.ident:
            self._thread.start()

    def result(self, tell: Tell) -> "TrainedModel":
        """Return the model once it is trained; raise Unavailable without a data service, TrainingFailed."""
        self.begin()
        while not self._trained.done():
            tell(self._told)
            wait([self._trained], TOLD_EVERY_S)
        return self._trained.result()

    def _train(self) -> None:
        try:
            self._wait_for_service()
            require_data_service(self._data_service_url)
            from training.sources import train_from_data_service

            url, source = self._data_service_url, self._source
            self._trained.set_result(train_from_data_service(url, source, parent=None, report=self._report))
        except BaseException as error:  # noqa: BLE001  # it is raised where the model is asked for
            self._trained.set_exception(error)

    def _report(self, stage: "Stage", progress: float) -> None:
        self._told = f"{stage} {progress:.0%}"


def _current(registry: ModelRegistry) -> "Pointer | None":
    """Return the pointer, or None for one that cannot be read: the first model then replaces it."""
    try:
        return registry.current()
    except UnreadablePointer:
        return None


def title_of(registry: ModelRegistry) -> str:
    """Return what `ensure_current_model` is about to do, in words for a person."""
    return "Reading the current model" if _current(registry) else "Training the first model"


def ensure_current_model(registry: ModelRegistry, first: FirstModel, tell: Tell) -> tuple[str, bool]:
    """Return the current version and whether it was trained just now; raise Unavailable without a data service."""
    pointer = _current(registry)
    if pointer is not None:
        tell(f"{pointer.version} is current")
        return pointer.version, False
    trained = first.result(tell)
    from training.publishing import publish

    publication = publish(trained, registry, "always")
    accuracy = publication.manifest.metrics.accuracy
    tell(f"{publication.manifest.version}, accuracy {accuracy:.4f} on held-out rows")
    return publication.manifest.version, True


def require_data_service(url: str) -> None:
    """Raise Unavailable in one line if no data service answers at an address."""
    try:
        with http_client(url, timeout=10.0) as client:
            client.get(f"{url.rstrip('/')}/api/v1/animals/schema").raise_for_status()
    except httpx2.HTTPError as error:
        raise Unavailable(
            f"no data service answers at {url} ({type(error).__name__}); start one with `menagerie data-service`, "
            "or leave --data-service-url out to have it started for you"
        ) from error
