"""Make a version current, forwards or back, once it has been opened and verified."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions.retrain.dependencies import RetrainDependencies
    from menagerie.registry import Pointer


def promote_model(version: str, dependencies: "RetrainDependencies") -> "Pointer":
    """Return the new pointer; raise NotFound, ModelRejected, or Conflict if another promotion came first."""
    registry = dependencies.registry
    before = registry.current()
    dependencies.verify(registry.model(version), registry.manifest(version))
    if before and before.version == version:
        return before
    return registry.promote(version, expected=before)
