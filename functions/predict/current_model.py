"""The current model: loaded once, replaced within seconds of a promotion, kept if its successor cannot be used."""

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING

from menagerie.classifier import OnnxClassifier
from menagerie.errors import MenagerieError, ModelRejected, NotFound, NothingPromoted, NoUsableModel, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from menagerie.manifest import ModelManifest, Pointer
    from menagerie.ports.registry import ModelRegistry

MAX_OTHER_MODELS = 4


class CurrentModel:
    """Serves the champion of a registry, and other versions on request."""

    def __init__(
        self,
        registry: "ModelRegistry",
        *,
        refresh_seconds: float,
        load: "Callable[[bytes, ModelManifest], OnnxClassifier]" = OnnxClassifier.load,
        clock: "Callable[[], float]" = monotonic,
    ) -> None:
        """Take a registry, the seconds between two reads of its pointer, a function that opens a model, and a clock."""
        self._registry = registry
        self._refresh_seconds = refresh_seconds
        self._load = load
        self._clock = clock
        self._champion: OnnxClassifier | None = None
        self._refusal: tuple[Pointer, MenagerieError] | None = None
        self._next_read = 0.0
        self._others: OrderedDict[str, OnnxClassifier] = OrderedDict()
        self.trouble: str | None = None
        """Why the last read of the registry did not give the current model; None if it did."""

    @property
    def loaded_version(self) -> str | None:
        """The version in use, without a read of the registry."""
        return self._champion.version if self._champion else None

    def classifier(self, version: str | None = None) -> OnnxClassifier:
        """Return the current model, or a version; raise NotFound, ModelRejected, NothingPromoted, Unavailable."""
        champion = self._current()
        return champion if version is None or version == champion.version else self._other(version)

    def _current(self) -> OnnxClassifier:
        if self._champion is None or self._clock() >= self._next_read:
            try:
                self._champion = self._read()
                self.trouble = None
            except MenagerieError as error:
                self.trouble = str(error)
                if self._champion is None:
                    raise error if isinstance(error, Unavailable) else NoUsableModel(str(error)) from error
            self._next_read = self._clock() + self._refresh_seconds
        return self._champion

    def _read(self) -> OnnxClassifier:
        """Return the model of the pointer, loaded and verified if the pointer has changed."""
        pointer = self._registry.current()
        if pointer is None:
            raise NothingPromoted("no model has been promoted")
        if self._champion and self._champion.version == pointer.version:
            return self._champion
        if self._refusal and self._refusal[0] == pointer:
            raise self._refusal[1]
        try:
            return self._open(pointer.version)
        except (ModelRejected, NotFound) as error:
            # Versions are immutable: loading this one again would fail again.
            self._refusal = (pointer, error)
            raise

    def _other(self, version: str) -> OnnxClassifier:
        if version not in self._others:
            self._others[version] = self._open(version)
        self._others.move_to_end(version)
        if len(self._others) > MAX_OTHER_MODELS:
            self._others.popitem(last=False)
        return self._others[version]

    def _open(self, version: str) -> OnnxClassifier:
        return self._load(self._registry.model(version), self._registry.manifest(version))
