"""Old models are deleted, except those that are needed."""

from datetime import timedelta

import pytest

from functions.train.retire_models import retire_models
from menagerie.errors import Unavailable
from tests.fakes import InMemoryRegistry
from tests.samples import NOON, manifest_of

MODEL = b"any bytes"
# Oldest first, an hour apart, each the parent of the next.
VERSIONS = [manifest_of(MODEL, NOON + timedelta(hours=hours)).version for hours in range(6)]
LATER = NOON + timedelta(days=1)


@pytest.fixture
def registry() -> InMemoryRegistry:
    registry = InMemoryRegistry()
    for hours, parent in enumerate([None, *VERSIONS[:-1]]):
        registry.publish(manifest_of(MODEL, NOON + timedelta(hours=hours), parent=parent), MODEL, b"rows")
    return registry


def left(registry: InMemoryRegistry) -> list[str]:
    return sorted(registry.models)


def test_the_oldest_models_beyond_the_limit_are_deleted(registry: InMemoryRegistry) -> None:
    registry.promote(VERSIONS[5], expected=None)
    assert retire_models(registry, 4, LATER) == VERSIONS[:2]
    assert left(registry) == VERSIONS[2:]
    assert sorted(registry.training_rows) == VERSIONS[2:]


def test_the_current_model_with_its_parent_is_kept(registry: InMemoryRegistry) -> None:
    registry.promote(VERSIONS[1], expected=None)
    retire_models(registry, 2, LATER)
    assert left(registry) == [*VERSIONS[:2], *VERSIONS[4:]]


def test_a_model_younger_than_an_hour_is_kept(registry: InMemoryRegistry) -> None:
    registry.promote(VERSIONS[5], expected=None)
    retire_models(registry, 1, NOON + timedelta(hours=4, minutes=30))
    assert left(registry) == VERSIONS[4:]


def test_models_within_the_limit_are_kept(registry: InMemoryRegistry) -> None:
    assert retire_models(registry, 6, LATER) == []
    assert len(left(registry)) == 6


def test_a_model_that_is_promoted_during_the_deletion_is_kept() -> None:
    class PromotedMeanwhile(InMemoryRegistry):
        def delete(self, version: str) -> None:
            super().delete(version)
            self.promote(VERSIONS[1], expected=self.current())

    registry = PromotedMeanwhile()
    for hours in range(6):
        registry.publish(manifest_of(MODEL, NOON + timedelta(hours=hours)), MODEL)
    registry.promote(VERSIONS[5], expected=None)
    assert retire_models(registry, 3, LATER) == [VERSIONS[0], VERSIONS[2]]


def test_an_interrupted_deletion_is_continued_by_the_next(registry: InMemoryRegistry) -> None:
    registry.promote(VERSIONS[5], expected=None)
    delete = registry.delete

    class Stops(InMemoryRegistry):
        def delete(self, version: str) -> None:
            if version == VERSIONS[1]:
                raise Unavailable("the model registry does not answer")
            delete(version)

    stops = Stops()
    stops.models, stops.pointer = registry.models, registry.pointer
    with pytest.raises(Unavailable):
        retire_models(stops, 3, LATER)
    assert retire_models(registry, 3, LATER) == VERSIONS[1:3]
