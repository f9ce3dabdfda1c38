"""The current model changes with the pointer, and is kept while its successor cannot be used."""

from typing import Any

import pytest

from functions.predict.current_model import MAX_OTHER_MODELS, CurrentModel
from menagerie.classifier import OnnxClassifier
from menagerie.errors import ModelRejected, NotFound, NothingPromoted, Unavailable
from menagerie.manifest import ModelManifest
from tests.fakes import InMemoryRegistry
from tests.samples import published_model
from tests.unit.functions.conftest import CURRENT, OTHER


class Clock:
    """A clock that a test sets."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Loader:
    """Loads models and records their versions."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, model: bytes, manifest: ModelManifest) -> OnnxClassifier:
        self.loaded.append(manifest.version)
        return OnnxClassifier.load(model, manifest)


class Switchable:
    """A registry that counts the reads of its pointer and can be unavailable."""

    def __init__(self, registry: InMemoryRegistry) -> None:
        self.registry = registry
        self.down = False
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        if self.down:
            raise Unavailable("the model registry does not answer")
        self.looks += name == "current"
        return getattr(self.registry, name)


@pytest.fixture
def switch(registry: InMemoryRegistry) -> Switchable:
    return Switchable(registry)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def models(switch: Switchable, clock: Clock, loader: Loader) -> CurrentModel:
    return CurrentModel(switch, refresh_seconds=5, load=loader, clock=clock)


def promote(registry: InMemoryRegistry, version: str) -> None:
    registry.promote(version, expected=registry.current())


def test_nothing_is_loaded_before_it_is_needed(models: CurrentModel, loader: Loader) -> None:
    assert models.loaded_version is None
    assert loader.loaded == []


def test_a_model_is_loaded_once_while_its_pointer_is_cached(
    models: CurrentModel, clock: Clock, loader: Loader, switch: Switchable
) -> None:
    for _ in range(3):
        assert models.classifier().version == CURRENT
    assert switch.looks == 1
    clock.seconds += 5
    assert models.classifier().version == CURRENT
    assert switch.looks == 2
    assert loader.loaded == [CURRENT]


def test_a_promotion_is_followed_after_the_refresh_time(
    models: CurrentModel, clock: Clock, registry: InMemoryRegistry
) -> None:
    models.classifier()
    promote(registry, OTHER)
    clock.seconds += 4.9
    assert models.classifier().version == CURRENT
    clock.seconds += 0.1
    assert models.classifier().version == OTHER
    assert models.trouble is None


def test_a_registry_that_goes_down_does_not_stop_the_model(
    models: CurrentModel, clock: Clock, switch: Switchable
) -> None:
    models.classifier()
    switch.down = True
    clock.seconds += 60
    assert models.classifier().version == CURRENT
    assert models.trouble == "the model registry does not answer"
    switch.down = False
    clock.seconds += 5
    assert models.classifier().version == CURRENT
    assert models.trouble is None


def test_a_new_model_that_does_not_verify_leaves_the_old_one_and_is_tried_once(
    models: CurrentModel, clock: Clock, registry: InMemoryRegistry, loader: Loader
) -> None:
    models.classifier()
    manifest, model = registry.models[OTHER]
    registry.models[OTHER] = (manifest, model[:-1])
    promote(registry, OTHER)
    for _ in range(3):
        clock.seconds += 5
        assert models.classifier().version == CURRENT
        assert OTHER in (models.trouble or "")
    assert loader.loaded == [CURRENT, OTHER]
    registry.models[OTHER] = (manifest, model)
    promote(registry, OTHER)
    clock.seconds += 5
    assert models.classifier().version == OTHER


def test_a_model_with_other_answers_for_the_canaries_is_refused(
    models: CurrentModel, clock: Clock, registry: InMemoryRegistry
) -> None:
    models.classifier()
    manifest, model = registry.models[OTHER]
    canary = manifest.canaries[0]
    wrong = canary.model_copy(update={"probabilities": dict.fromkeys(canary.probabilities, 0.2)})
    registry.models[OTHER] = (manifest.model_copy(update={"canaries": (wrong,)}), model)
    promote(registry, OTHER)
    clock.seconds += 5
    assert models.classifier().version == CURRENT
    assert "canary" in (models.trouble or "")


def test_a_pointer_that_cannot_be_read_leaves_the_old_model(
    models: CurrentModel, clock: Clock, registry: InMemoryRegistry
) -> None:
    models.classifier()
    registry.damage_pointer()
    clock.seconds += 5
    assert models.classifier().version == CURRENT
    assert "cannot be read" in (models.trouble or "")


def test_a_pointer_to_a_missing_version_leaves_the_old_model(
    models: CurrentModel, clock: Clock, registry: InMemoryRegistry
) -> None:
    models.classifier()
    promote(registry, OTHER)
    del registry.models[OTHER]
    clock.seconds += 5
    assert models.classifier().version == CURRENT


def test_without_any_model_every_request_reads_the_pointer(loader: Loader, clock: Clock) -> None:
    registry = InMemoryRegistry()
    models = CurrentModel(registry, refresh_seconds=5, load=loader, clock=clock)
    with pytest.raises(NothingPromoted):
        models.classifier()
    registry.publish(*published_model(0))
    registry.promote(CURRENT, expected=None)
    assert models.classifier().version == CURRENT


def test_a_first_model_that_does_not_verify_is_unavailable(models: CurrentModel, registry: InMemoryRegistry) -> None:
    manifest, model = registry.models[CURRENT]
    registry.models[CURRENT] = (manifest, model[:-1])
    for _ in range(2):
        with pytest.raises(Unavailable, match="digest"):
            models.classifier()


def test_other_versions_are_cached_up_to_a_limit(
    models: CurrentModel, registry: InMemoryRegistry, loader: Loader
) -> None:
    versions = []
    for state in range(2, 2 + MAX_OTHER_MODELS + 1):
        registry.publish(*published_model(state))
        versions.append(published_model(state)[0].version)
    for version in versions[:-1] * 2:
        assert models.classifier(version).version == version
    assert sorted(loader.loaded) == sorted([CURRENT, *versions[:-1]])
    models.classifier(versions[-1])
    models.classifier(versions[0])
    assert loader.loaded.count(versions[0]) == 2


def test_a_missing_or_invalid_version_raises(models: CurrentModel, registry: InMemoryRegistry) -> None:
    manifest, model = registry.models[OTHER]
    registry.models[OTHER] = (manifest, model[:-1])
    with pytest.raises(ModelRejected):
        models.classifier(OTHER)
    with pytest.raises(NotFound):
        models.classifier("20200101T000000Z-00000000")
    assert models.classifier().version == CURRENT
