"""Let go of old models, so that a registry does not grow for ever."""

from datetime import datetime
from typing import TYPE_CHECKING

from menagerie.retention import to_retire

if TYPE_CHECKING:
    from menagerie.registry import ModelRegistry


def retire_models(registry: "ModelRegistry", keep: int, now: datetime) -> list[str]:
    """Remove the versions beyond the newest `keep` and return them; raise Unavailable.

    The pointer is read again before each removal: an old version that was promoted meanwhile is kept.
    """
    manifests = registry.manifests()
    retired = []
    for version in to_retire(manifests, _current(registry), keep, now):
        if version in to_retire(manifests, _current(registry), keep, now):
            registry.remove(version)
            retired.append(version)
    return retired


def _current(registry: "ModelRegistry") -> str | None:
    pointer = registry.current()
    return pointer.version if pointer else None
