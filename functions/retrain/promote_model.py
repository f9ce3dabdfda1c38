"""Make a version current, forwards or back, once it has been opened and verified."""

from typing import TYPE_CHECKING

from menagerie.errors import UnreadablePointer

if TYPE_CHECKING:
    from functions.retrain.dependencies import RetrainDependencies
    from menagerie.registry import Pointer


def promote_model(version: str, dependencies: "RetrainDependencies") -> "Pointer":
    """Return the new pointer; raise NotFound, ModelRejected, or Conflict if another promotion came first.

    A pointer that cannot be read is replaced.
    """
    registry = dependencies.registry
    try:
        before = registry.current()
    except UnreadablePointer as error:
        before = error.pointer
    dependencies.verify(registry.model(version), registry.manifest(version))
    if before and before.version == version:
        return before
    return registry.promote(version, expected=before)
