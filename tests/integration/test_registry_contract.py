"""Contract of the model registry, tested on the fake and on the S3 adapter."""

import itertools
from datetime import timedelta

import pytest

from menagerie.aws.registry import S3ModelRegistry
from menagerie.errors import Conflict, NotFound, UnreadablePointer
from menagerie.ports.registry import ModelRegistry
from tests.fakes import InMemoryRegistry
from tests.integration.conftest import BUCKET
from tests.samples import NOON, manifest_of

MODEL = b"any bytes will do: a registry does not open models"
OLDER = manifest_of(MODEL, NOON - timedelta(days=1))
NEWER = manifest_of(MODEL, NOON)


@pytest.fixture(params=["in memory", "S3"])
def registry(request: pytest.FixtureRequest) -> ModelRegistry:
    moments = (NOON + timedelta(seconds=seconds) for seconds in itertools.count())
    if request.param == "in memory":
        return InMemoryRegistry(now=lambda: next(moments))
    return S3ModelRegistry(request.getfixturevalue("s3"), BUCKET, now=lambda: next(moments))


def test_a_published_version_can_be_read(registry: ModelRegistry) -> None:
    registry.publish(NEWER, MODEL)
    assert registry.manifest(NEWER.version) == NEWER
    assert registry.model(NEWER.version) == MODEL


def test_a_version_cannot_be_published_twice(registry: ModelRegistry) -> None:
    registry.publish(NEWER, MODEL)
    with pytest.raises(Conflict):
        registry.publish(NEWER.model_copy(update={"random_seed": 1}), MODEL)
    with pytest.raises(Conflict):
        registry.publish(NEWER, b"another model under the same name")
    assert registry.manifest(NEWER.version) == NEWER
    assert registry.model(NEWER.version) == MODEL


def test_the_rows_of_a_version_can_be_read(registry: ModelRegistry) -> None:
    registry.publish(NEWER, MODEL, b"rows")
    assert registry.rows(NEWER.version) == b"rows"
    registry.publish(OLDER, MODEL)
    with pytest.raises(NotFound):
        registry.rows(OLDER.version)


def test_a_version_is_deleted_with_its_rows_and_can_be_deleted_again(registry: ModelRegistry) -> None:
    for manifest in (OLDER, NEWER):
        registry.publish(manifest, MODEL, b"rows")
    assert len(registry.manifests()) == 2
    for _ in range(2):
        registry.delete(OLDER.version)
    assert registry.manifests() == [NEWER]
    for read in (registry.manifest, registry.model, registry.rows):
        with pytest.raises(NotFound):
            read(OLDER.version)
    assert registry.model(NEWER.version) == MODEL


def test_versions_are_listed_newest_first(registry: ModelRegistry) -> None:
    for manifest in (NEWER, OLDER):
        registry.publish(manifest, MODEL)
    assert registry.manifests() == [NEWER, OLDER]


@pytest.mark.parametrize(
    "version",
    ["20200101T000000Z-00000000", "current", "../current.json", "", pytest.param("a" * 5000, id="5000 letters")],
)
def test_an_unknown_version_is_not_found(registry: ModelRegistry, version: str) -> None:
    for call in (registry.manifest, registry.model, lambda name: registry.promote(name, expected=None)):
        with pytest.raises(NotFound):
            call(version)


def test_a_new_registry_has_no_current_version(registry: ModelRegistry) -> None:
    assert registry.current() is None
    assert registry.manifests() == []


def test_a_promoted_version_is_current(registry: ModelRegistry) -> None:
    registry.publish(NEWER, MODEL)
    pointer = registry.promote(NEWER.version, expected=None)
    assert (pointer.version, pointer.promoted_at) == (NEWER.version, NOON)
    assert registry.current() == pointer
    assert registry.current() == pointer


def test_an_older_version_can_be_made_current_again(registry: ModelRegistry) -> None:
    for manifest in (OLDER, NEWER):
        registry.publish(manifest, MODEL)
    first = registry.promote(OLDER.version, expected=None)
    second = registry.promote(NEWER.version, expected=first)
    third = registry.promote(OLDER.version, expected=second)
    assert registry.current() == third
    assert len({first.etag, second.etag, third.etag}) == 3


def test_a_pointer_that_cannot_be_read_is_replaced_by_a_promotion(
    registry: ModelRegistry, request: pytest.FixtureRequest
) -> None:
    for manifest in (OLDER, NEWER):
        registry.publish(manifest, MODEL)
    registry.promote(OLDER.version, expected=None)
    if isinstance(registry, InMemoryRegistry):
        registry.damage_pointer()
    else:
        request.getfixturevalue("s3").put_object(Bucket=BUCKET, Key="models/current.json", Body=b'{"version": 7')
    with pytest.raises(UnreadablePointer) as caught:
        registry.current()
    with pytest.raises(Conflict):
        registry.promote(NEWER.version, expected=None)
    pointer = registry.promote(NEWER.version, expected=caught.value.pointer)
    assert registry.current() == pointer
    with pytest.raises(Conflict):
        registry.promote(OLDER.version, expected=caught.value.pointer)


def test_one_of_two_promotions_from_the_same_pointer_succeeds(registry: ModelRegistry) -> None:
    for manifest in (OLDER, NEWER):
        registry.publish(manifest, MODEL)
    with pytest.raises(NotFound):
        registry.promote("20200101T000000Z-00000000", expected=None)
    first = registry.promote(OLDER.version, expected=None)
    with pytest.raises(Conflict):
        registry.promote(NEWER.version, expected=None)
    later = registry.promote(NEWER.version, expected=first)
    with pytest.raises(Conflict):
        registry.promote(OLDER.version, expected=first)
    assert registry.current() == later
