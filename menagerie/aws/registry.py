"""The model registry on S3: models/<version>/{model.onnx, rows.csv.gz, manifest.json} and models/current.json."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from menagerie.aws.errors import aws_errors, error_code
from menagerie.errors import Conflict, ModelRejected, NotFound
from menagerie.manifest import MANIFEST_FILE, MODEL_FILE, ROWS_FILE, VERSION_PATTERN, ModelManifest
from menagerie.registry import Pointer, UnreadablePointer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PREFIX = "models/"
_POINTER = _PREFIX + "current.json"


class _PointerFile(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: str
    promoted_at: datetime


class S3ModelRegistry:
    """Fills `ModelRegistry`. A version exists once its manifest does, and nothing of it ever changes after that."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._pointer: Pointer | None = None
        self._manifests: dict[str, ModelManifest] = {}

    def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
        """Store a version for good, with the file of its training rows, manifest last; raise Conflict if it exists."""
        self._create_or_go_on(manifest.version, MODEL_FILE, model, "application/octet-stream")
        if rows is not None:
            self._create_or_go_on(manifest.version, ROWS_FILE, rows, "application/gzip")
        document = manifest.model_dump_json(indent=2).encode()
        self._create(_key(manifest.version, MANIFEST_FILE), document, "application/json")

    def manifest(self, version: str) -> ModelManifest:
        """Return the manifest of a version; raise NotFound, or ModelRejected if it cannot be read."""
        # Manifests never change, so each is fetched once in the life of a process.
        if version not in self._manifests:
            try:
                manifest = ModelManifest.model_validate_json(self._read(version, MANIFEST_FILE))
            except ValidationError as error:
                raise ModelRejected(f"the manifest of model {version} cannot be read") from error
            if manifest.version != version:
                raise ModelRejected(f"the manifest of model {version} is that of {manifest.version}")
            self._manifests[version] = manifest
        return self._manifests[version]

    def model(self, version: str) -> bytes:
        """Return the ONNX file of a version; raise NotFound."""
        return self._read(version, MODEL_FILE)

    def rows(self, version: str) -> bytes:
        """Return the file of the rows that a version was trained on; raise NotFound."""
        return self._read(version, ROWS_FILE)

    def manifests(self) -> list[ModelManifest]:
        """Return all versions that have a manifest one can read, newest first."""
        found = []
        for version in sorted(self._versions(), reverse=True):
            try:
                found.append(self.manifest(version))
            except (ModelRejected, NotFound):
                continue
        return found

    def remove(self, version: str) -> None:
        """Take a version away, manifest first, so that what is left half-way is no model; there need be none."""
        self._manifests.pop(version, None)
        for name in (MANIFEST_FILE, MODEL_FILE, ROWS_FILE):
            with aws_errors("the model registry"):
                self._client.delete_object(Bucket=self._bucket, Key=_key(version, name))

    def current(self) -> Pointer | None:
        """Return the pointer, or None while nothing has been promoted; raise UnreadablePointer.

        An unchanged pointer is not sent again.
        """
        known = self._pointer
        get = partial(self._client.get_object, Bucket=self._bucket, Key=_POINTER)
        with aws_errors("the model registry"):
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
            raise UnreadablePointer(_POINTER, answer["ETag"]) from error
        self._pointer = Pointer(file.version, file.promoted_at, answer["ETag"])
        return self._pointer

    def promote(self, version: str, *, expected: Pointer | None) -> Pointer:
        """Make a version current if the pointer still is `expected`; raise Conflict if it moved, NotFound."""
        self.manifest(version)
        file = _PointerFile(version=version, promoted_at=datetime.now(UTC))
        put = partial(
            self._client.put_object,
            Bucket=self._bucket,
            Key=_POINTER,
            Body=file.model_dump_json().encode(),
            ContentType="application/json",
        )
        moved = "the current model changed in the meantime"
        try:
            # Where If-Match finds no object at all, S3 answers 404 instead of 412.
            with aws_errors("the model registry", missing=moved, conflict=moved):
                answer = put(IfMatch=expected.etag) if expected else put(IfNoneMatch="*")
        except (Conflict, NotFound) as error:
            # It may have been this very promotion, whose first answer was lost and which botocore sent again.
            try:
                now = self.current()
            except UnreadablePointer:
                now = None
            if now and (now.version, now.promoted_at) == (file.version, file.promoted_at):
                return now
            raise Conflict(moved) from error
        return Pointer(file.version, file.promoted_at, answer["ETag"])

    def _create_or_go_on(self, version: str, name: str, body: bytes, content_type: str) -> None:
        try:
            self._create(_key(version, name), body, content_type)
        except Conflict:
            # A publication that died before its manifest left this file; the same bytes may go on from there.
            if self._read(version, name) != body:
                raise

    def _create(self, key: str, body: bytes, content_type: str) -> None:
        with aws_errors("the model registry", conflict=f"{key} exists already"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*")

    def _read(self, version: str, name: str) -> bytes:
        missing = f"there is no model {version[:40]!r}"
        if VERSION_PATTERN.fullmatch(version) is None:
            raise NotFound(missing)
        with aws_errors("the model registry", missing=missing):
            return self._client.get_object(Bucket=self._bucket, Key=_key(version, name))["Body"].read()

    def _versions(self) -> list[str]:
        with aws_errors("the model registry"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_PREFIX)
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        names = (key.removeprefix(_PREFIX).split("/") for key in keys)
        return [name[0] for name in names if name[1:] == [MANIFEST_FILE] and VERSION_PATTERN.fullmatch(name[0])]


def _key(version: str, name: str) -> str:
    return f"{_PREFIX}{version}/{name}"
