"""The model registry: immutable versions and one pointer to the current model."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from menagerie.errors import ModelRejected
from menagerie.manifest import ModelManifest


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which version is current; `etag` changes whenever the pointer does."""

    version: str
    promoted_at: datetime
    etag: str


class UnreadablePointer(ModelRejected):
    """The pointer is there but names no version; a promotion may replace it."""

    def __init__(self, name: str, etag: str) -> None:
        """Take the name of its file, and the `etag` that a promotion must find unchanged."""
        super().__init__(f"{name} cannot be read: promote a version to replace it")
        self.pointer = Pointer("", datetime.min.replace(tzinfo=UTC), etag)


class ModelRegistry(Protocol):
    """What training and the functions need of a registry; every call may raise Unavailable."""

    def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
        """Store a version for good, with the file of its training rows, manifest last; raise Conflict if it exists."""
        ...

    def manifest(self, version: str) -> ModelManifest:
        """Return the manifest of a version; raise NotFound, or ModelRejected if it cannot be read."""
        ...

    def model(self, version: str) -> bytes:
        """Return the ONNX file of a version; raise NotFound."""
        ...

    def rows(self, version: str) -> bytes:
        """Return the file of the rows that a version was trained on; raise NotFound."""
        ...

    def manifests(self) -> list[ModelManifest]:
        """Return all complete versions, newest first."""
        ...

    def remove(self, version: str) -> None:
        """Take a version away, manifest first, so that what is left half-way is no model; there need be none."""
        ...

    def current(self) -> Pointer | None:
        """Return the pointer, or None while nothing has been promoted; raise UnreadablePointer."""
        ...

    def promote(self, version: str, *, expected: Pointer | None) -> Pointer:
        """Make a version current if the pointer still is `expected`; raise Conflict if it moved, NotFound.

        To replace a pointer that cannot be read, pass the one that UnreadablePointer has.
        """
        ...
