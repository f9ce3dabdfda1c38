"""The model registry on S3: models/<version>/{model.onnx, rows.csv.gz, manifest.json} and models/current.json."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import override

from menagerie.aws.errors import aws_errors, error_code
from menagerie.clock import Clock, utc_now
from menagerie.errors import Conflict, ModelRejected, NotFound, UnreadablePointer
from menagerie.manifest import MANIFEST_FILE, MODEL_FILE, ROWS_FILE, VERSION_PATTERN, ModelManifest, Pointer
from menagerie.ports.registry import ModelRegistry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SERVICE = "the model registry"
_PREFIX = "models/"
_POINTER = _PREFIX + "current.json"


class _PointerFile(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: str
    promoted_at: datetime


class S3ModelRegistry(ModelRegistry):
    """Writes each file with `If-None-Match: *`, and the pointer with `If-Match`, so that no write is lost."""

    def __init__(self, client: "S3Client", bucket: str, *, now: Clock = utc_now) -> None:
        self._client = client
        self._bucket = bucket
        self._now = now
        self._pointer: Pointer | None = None
        self._manifests: dict[str, ModelManifest] = {}

    @override
    def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
        self._create_or_resume(manifest.version, MODEL_FILE, model, "application/octet-stream")
        if rows is not None:
            self._create_or_resume(manifest.version, ROWS_FILE, rows, "application/gzip")
        document = manifest.model_dump_json(indent=2).encode()
        self._create(_key(manifest.version, MANIFEST_FILE), document, "application/json")

    @override
    def manifest(self, version: str) -> ModelManifest:
        # Manifests never change, so a process fetches each of them once.
        if version not in self._manifests:
            try:
                manifest = ModelManifest.model_validate_json(self._read(version, MANIFEST_FILE))
            except ValidationError as error:
                raise ModelRejected(f"the manifest of model {version} cannot be read") from error
            if manifest.version != version:
                raise ModelRejected(f"the manifest of model {version} is that of {manifest.version}")
            self._manifests[version] = manifest
        return self._manifests[version]

    @override
    def model(self, version: str) -> bytes:
        return self._read(version, MODEL_FILE)

    @override
    def rows(self, version: str) -> bytes:
        return self._read(version, ROWS_FILE)

    @override
    def manifests(self) -> list[ModelManifest]:
        found = []
        for version in sorted(self._versions(), reverse=True):
            try:
                found.append(self.manifest(version))
            except (ModelRejected, NotFound):
                continue
        return found

    @override
    def delete(self, version: str) -> None:
        self._manifests.pop(version, None)
        for name in (MANIFEST_FILE, MODEL_FILE, ROWS_FILE):
            with aws_errors(_SERVICE):
                self._client.delete_object(Bucket=self._bucket, Key=_key(version, name))

    @override
    def current(self) -> Pointer | None:
        # S3 answers 304 instead of sending an unchanged pointer again.
        known = self._pointer
        get = partial(self._client.get_object, Bucket=self._bucket, Key=_POINTER)
        with aws_errors(_SERVICE):
            try:
                answer = get(IfNoneMatch=known.etag) if known else get()
                body = answer["Body"].read()
            except ClientError as error:
                match error_code(error):
                    case "304":
                        return known
                    case "NoSuchKey":
                        self._pointer = None
                        return None
                raise
        try:
            file = _PointerFile.model_validate_json(body)
        except ValidationError as error:
            raise UnreadablePointer(_POINTER, Pointer.unreadable(answer["ETag"])) from error
        self._pointer = Pointer(file.version, file.promoted_at, answer["ETag"])
        return self._pointer

    @override
    def promote(self, version: str, *, expected: Pointer | None) -> Pointer:
        self.manifest(version)
        file = _PointerFile(version=version, promoted_at=self._now())
        put = partial(
            self._client.put_object,
            Bucket=self._bucket,
            Key=_POINTER,
            Body=file.model_dump_json().encode(),
            ContentType="application/json",
        )
        changed = "the current model has changed since it was read"
        try:
            # S3 answers 404 instead of 412 if there is no object to match.
            with aws_errors(_SERVICE, missing=changed, conflict=changed):
                answer = put(IfMatch=expected.etag) if expected else put(IfNoneMatch="*")
        except (Conflict, NotFound) as error:
            # This promotion itself may have changed it, if botocore sent it again because the first response was lost.
            try:
                stored = self.current()
            except UnreadablePointer:
                stored = None
            if stored and (stored.version, stored.promoted_at) == (file.version, file.promoted_at):
                return stored
            raise Conflict(changed) from error
        return Pointer(file.version, file.promoted_at, answer["ETag"])

    def _create_or_resume(self, version: str, name: str, body: bytes, content_type: str) -> None:
        try:
            self._create(_key(version, name), body, content_type)
        except Conflict:
            # A publication that was interrupted before its manifest left this file; one of the same bytes resumes it.
            if self._read(version, name) != body:
                raise

    def _create(self, key: str, body: bytes, content_type: str) -> None:
        with aws_errors(_SERVICE, conflict=f"{key} exists already"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*")

    def _read(self, version: str, name: str) -> bytes:
        missing = f"there is no model {version[:40]!r}"
        if VERSION_PATTERN.fullmatch(version) is None:
            raise NotFound(missing)
        with aws_errors(_SERVICE, missing=missing):
            return self._client.get_object(Bucket=self._bucket, Key=_key(version, name))["Body"].read()

    def _versions(self) -> list[str]:
        with aws_errors(_SERVICE):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_PREFIX)
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        names = (key.removeprefix(_PREFIX).split("/") for key in keys)
        return [name[0] for name in names if name[1:] == [MANIFEST_FILE] and VERSION_PATTERN.fullmatch(name[0])]


def _key(version: str, name: str) -> str:
    return f"{_PREFIX}{version}/{name}"
