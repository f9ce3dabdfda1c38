"""The port for trained models: immutable versions, and one pointer to the current version."""

from typing import Protocol

from menagerie.manifest import ModelManifest, Pointer


class ModelRegistry(Protocol):
    """Stores models with their manifests. Every method may raise Unavailable."""

    def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
        """Store a version for good; raise Conflict if it exists.

        Args:
            manifest: stored last; the version exists from then on.
            model: the ONNX file.
            rows: the gzipped CSV file of the training rows.
        """
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
        """Return the manifests of all versions, newest first, without those that cannot be read."""
        ...

    def delete(self, version: str) -> None:
        """Delete a version if it exists, its manifest first, so that an interrupted deletion leaves no version."""
        ...

    def current(self) -> Pointer | None:
        """Return the pointer, or None if nothing has been promoted; raise UnreadablePointer."""
        ...

    def promote(self, version: str, *, expected: Pointer | None) -> Pointer:
        """Make a version current and return the new pointer.

        Args:
            version: the version; raises NotFound if it does not exist.
            expected: the pointer that was read before, or that of UnreadablePointer; raises Conflict if another one is
                stored now.
        """
        ...
