"""The model that answers: loaded once, replaced within seconds of a promotion, kept while anything is wrong."""

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING

from menagerie.classifier import OnnxClassifier
from menagerie.errors import MenagerieError, ModelRejected, NotFound, NothingPromoted, NoUsableModel, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from menagerie.manifest import ModelManifest
    from menagerie.registry import ModelRegistry, Pointer

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
        """Take a registry, how long its pointer is believed, how a model is opened, and a clock in seconds."""
        self._registry = registry
        self._refresh_seconds = refresh_seconds
        self._load = load
        self._clock = clock
        self._champion: OnnxClassifier | None = None
        self._refusal: tuple[Pointer, MenagerieError] | None = None
        self._next_look = 0.0
        self._others: OrderedDict[str, OnnxClassifier] = OrderedDict()
        self.trouble: str | None = None
        """Why the last look at the registry did not give the model that it should have; None if all is well."""

    @property
    def loaded_version(self) -> str | None:
        """The version that answers at the moment; no look at the registry."""
        return self._champion.version if self._champion else None

    def classifier(self, version: str | None = None) -> OnnxClassifier:
        """Return the current model, or a version; raise NotFound, ModelRejected, NothingPromoted, Unavailable."""
        champion = self._current()
        return champion if version is None or version == champion.version else self._other(version)

    def _current(self) -> OnnxClassifier:
        if self._champion is None or self._clock() >= self._next_look:
            try:
                self._champion = self._look()
                self.trouble = None
            except MenagerieError as error:
                self.trouble = str(error)
                if self._champion is None:
                    raise error if isinstance(error, Unavailable) else NoUsableModel(str(error)) from error
            self._next_look = self._clock() + self._refresh_seconds
        return self._champion

    def _look(self) -> OnnxClassifier:
        """Return the model that the pointer names, loaded and verified if it is another one than before."""
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
            # Versions never change, so looking at this one again would only cost time.
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
