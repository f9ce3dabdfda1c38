"""A registry without a current model gets one: trained here, from the data service, and promoted."""

from collections.abc import Callable

import httpx2

from menagerie.errors import Unavailable
from menagerie.job import DataServiceSource
from menagerie.registry import ModelRegistry

Tell = Callable[[str], None]


def ensure_current_model(
    registry: ModelRegistry, data_service_url: str, source: DataServiceSource, tell: Tell
) -> tuple[str, bool]:
    """Return the current version and whether it was trained just now; raise Unavailable without a data service."""
    pointer = registry.current()
    if pointer is not None:
        tell(f"{pointer.version} is current")
        return pointer.version, False
    require_data_service(data_service_url)
    from training.publishing import publish
    from training.sources import train_from_data_service

    trained = train_from_data_service(
        data_service_url,
        source,
        parent=None,
        report=lambda stage, progress: tell(f"{stage} {progress:.0%}"),
    )
    publication = publish(trained, registry, "always")
    accuracy = publication.manifest.metrics.accuracy
    tell(f"{publication.manifest.version}, accuracy {accuracy:.4f} on held-out rows")
    return publication.manifest.version, True


def require_data_service(url: str) -> None:
    """Raise Unavailable in one line if no data service answers at an address."""
    try:
        httpx2.get(f"{url.rstrip('/')}/api/v1/animals/schema", timeout=10.0).raise_for_status()
    except httpx2.HTTPError as error:
        raise Unavailable(
            f"no data service answers at {url} ({type(error).__name__}); start one with `menagerie data-service`, "
            "or leave --data-service-url out to have it started for you"
        ) from error
