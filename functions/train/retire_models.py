"""Delete old models, so that a registry does not grow without limit."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from menagerie.manifest import ModelManifest
    from menagerie.ports.registry import ModelRegistry

# A person who has just trained a model looks at it before promoting it.
YOUNG = timedelta(hours=1)


def retire_models(registry: "ModelRegistry", keep: int, now: datetime) -> list[str]:
    """Delete the versions beyond the newest `keep` and return them; raise Unavailable.

    The pointer is read again before each deletion: an old version that was promoted in between is kept.
    """
    manifests = registry.manifests()
    retired = []
    for version in _to_retire(manifests, _current(registry), keep, now):
        if version in _to_retire(manifests, _current(registry), keep, now):
            registry.delete(version)
            retired.append(version)
    return retired


def _to_retire(manifests: "Sequence[ModelManifest]", current: str | None, keep: int, now: datetime) -> list[str]:
    """Return the versions beyond the newest `keep`, oldest first.

    The current version, its parent, and versions younger than `YOUNG` are kept.
    """
    newest_first = sorted(manifests, key=lambda manifest: manifest.version, reverse=True)
    needed = {current} | {manifest.parent for manifest in manifests if manifest.version == current}
    return [
        manifest.version
        for manifest in reversed(newest_first[keep:])
        if manifest.version not in needed and now - manifest.created_at >= YOUNG
    ]


def _current(registry: "ModelRegistry") -> str | None:
    pointer = registry.current()
    return pointer.version if pointer else None
