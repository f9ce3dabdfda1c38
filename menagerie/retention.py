"""Which old versions a registry may let go of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from menagerie.manifest import ModelManifest

# Somebody who has just trained a model looks at it before they promote it.
YOUNG = timedelta(hours=1)


def to_retire(manifests: Sequence[ModelManifest], current: str | None, keep: int, now: datetime) -> list[str]:
    """Return the versions beyond the newest `keep`, oldest first; never the current one, its parent, or a young one."""
    newest_first = sorted(manifests, key=lambda manifest: manifest.version, reverse=True)
    needed = {current} | {manifest.parent for manifest in manifests if manifest.version == current}
    return [
        manifest.version
        for manifest in reversed(newest_first[keep:])
        if manifest.version not in needed and now - manifest.created_at >= YOUNG
    ]
