"""The S3 registry beyond its contract: interrupted publications, number of calls, and a bucket that is missing."""

from datetime import timedelta
from typing import Any

import pytest
from mypy_boto3_s3 import S3Client

from menagerie.aws.registry import S3ModelRegistry
from menagerie.errors import Conflict, ModelRejected, Unavailable
from tests.integration.aws_calls import count_calls
from tests.integration.conftest import BUCKET
from tests.samples import NOON, manifest_of

MODEL = b"any bytes will do: a registry does not open models"
MANIFEST = manifest_of(MODEL)


def test_a_version_without_a_manifest_is_not_listed(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"models/{MANIFEST.version}/model.onnx", Body=MODEL)
    s3.put_object(Bucket=BUCKET, Key="models/notes/manifest.json", Body=b"not a version")
    assert S3ModelRegistry(s3, BUCKET).manifests() == []


def test_an_interrupted_publication_can_be_completed(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"models/{MANIFEST.version}/model.onnx", Body=MODEL)
    registry = S3ModelRegistry(s3, BUCKET)
    registry.publish(MANIFEST, MODEL)
    assert registry.manifests() == [MANIFEST]


def test_an_interrupted_publication_is_not_completed_with_another_model(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"models/{MANIFEST.version}/model.onnx", Body=b"other bytes")
    registry = S3ModelRegistry(s3, BUCKET)
    with pytest.raises(Conflict):
        registry.publish(MANIFEST, MODEL)
    assert registry.manifests() == []


def test_a_manifest_that_cannot_be_read_is_rejected_and_the_others_are_listed(s3: S3Client) -> None:
    broken = manifest_of(MODEL, NOON + timedelta(days=1)).version
    registry = S3ModelRegistry(s3, BUCKET)
    registry.publish(MANIFEST, MODEL)
    s3.put_object(Bucket=BUCKET, Key=f"models/{broken}/manifest.json", Body=b"{}")
    with pytest.raises(ModelRejected, match=broken):
        registry.manifest(broken)
    assert registry.manifests() == [MANIFEST]


def test_each_manifest_is_fetched_once(s3: S3Client) -> None:
    registry = S3ModelRegistry(s3, BUCKET)
    for days in range(3):
        registry.publish(manifest_of(MODEL, NOON + timedelta(days=days)), MODEL)
    assert len(registry.manifests()) == 3
    calls = count_calls(s3)
    assert len(registry.manifests()) == 3
    assert calls == ["ListObjectsV2"]


def test_a_listing_of_several_pages_is_read_to_its_end(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    registry = S3ModelRegistry(s3, BUCKET)
    for days in range(5):
        registry.publish(manifest_of(MODEL, NOON + timedelta(days=days)), MODEL)
    calls = count_calls(s3)
    assert len(registry.manifests()) == 5
    assert calls.count("ListObjectsV2") == 5


def test_an_unchanged_pointer_is_not_transferred_again(s3: S3Client) -> None:
    registry = S3ModelRegistry(s3, BUCKET)
    registry.publish(MANIFEST, MODEL)
    registry.promote(MANIFEST.version, expected=None)
    statuses: list[int] = []
    s3.meta.events.register(
        "response-received.s3.GetObject", lambda response_dict, **_: statuses.append(response_dict["status_code"])
    )
    assert registry.current() == registry.current()
    assert statuses == [200, 304]


def test_a_deleted_pointer_is_detected(s3: S3Client) -> None:
    registry = S3ModelRegistry(s3, BUCKET)
    registry.publish(MANIFEST, MODEL)
    pointer = registry.promote(MANIFEST.version, expected=None)
    assert registry.current() == pointer
    s3.delete_object(Bucket=BUCKET, Key="models/current.json")
    with pytest.raises(Conflict):
        registry.promote(MANIFEST.version, expected=pointer)
    assert registry.current() is None


def test_a_pointer_that_cannot_be_read_is_rejected(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key="models/current.json", Body=b"{")
    with pytest.raises(ModelRejected, match=r"current\.json"):
        S3ModelRegistry(s3, BUCKET).current()


def test_a_manifest_that_names_another_version_is_rejected_and_not_listed(s3: S3Client) -> None:
    registry = S3ModelRegistry(s3, BUCKET)
    registry.publish(MANIFEST, MODEL)
    copied = "20270101T000000Z-00000000"
    document = s3.get_object(Bucket=BUCKET, Key=f"models/{MANIFEST.version}/manifest.json")["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=f"models/{copied}/manifest.json", Body=document)
    with pytest.raises(ModelRejected, match=f"{copied} is that of {MANIFEST.version}"):
        registry.manifest(copied)
    assert registry.manifests() == [MANIFEST]


class LosesResponses:
    """A client that sends every write twice, as botocore does if the response to the first one is lost."""

    def __init__(self, client: S3Client) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_object(self, **request: Any) -> Any:
        self.client.put_object(**request)
        return self.client.put_object(**request)


def test_a_promotion_that_is_sent_twice_succeeds(s3: S3Client) -> None:
    registry = S3ModelRegistry(s3, BUCKET)
    registry.publish(MANIFEST, MODEL)
    repeating: Any = LosesResponses(s3)
    pointer = S3ModelRegistry(repeating, BUCKET).promote(MANIFEST.version, expected=None)
    assert registry.current() == pointer
    again = S3ModelRegistry(repeating, BUCKET).promote(MANIFEST.version, expected=pointer)
    assert registry.current() == again


def test_a_missing_bucket_is_unavailable(s3: S3Client) -> None:
    registry = S3ModelRegistry(s3, "no-such-bucket")
    for call in (
        registry.current,
        registry.manifests,
        lambda: registry.model(MANIFEST.version),
        lambda: registry.publish(MANIFEST, MODEL),
    ):
        with pytest.raises(Unavailable):
            call()
