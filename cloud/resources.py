"""Locate the files that commands read, and folders to write to, in a checkout and in an installed wheel.

A wheel contains these files in cloud/bundled, as listed in pyproject.toml (`force-include`).
"""

from importlib.util import find_spec
from pathlib import Path

from menagerie.errors import NotFound

_BUNDLED = Path(__file__).resolve().with_name("bundled")
_IN_WHEEL = _BUNDLED.is_dir()
_ROOT = _BUNDLED if _IN_WHEEL else _BUNDLED.parents[1]

TEMPLATE = _ROOT / "template.yaml"
LOCKS = _ROOT / "requirements"
EVENTS = _ROOT / "events"


def checkout(command: str) -> Path:
    """Return the root of the checkout; raise NotFound in an installed wheel, where the command is not available."""
    if _IN_WHEEL:
        raise NotFound(f"`{command}` needs a checkout of the project; this is an installed package")
    return _ROOT


def package_folder(name: str) -> Path:
    """Return the folder of one of the project's packages; raise NotFound if it is not installed."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NotFound(f"the package {name} is not part of this installation")
    return Path(spec.origin).resolve().parent


def builds() -> Path:
    """Return the folder for build results: build/ in a checkout, else a folder in the user's cache."""
    if not _IN_WHEEL:
        return _ROOT / "build"
    from platformdirs import user_cache_path

    return user_cache_path("menagerie", appauthor=False)


def event(path: Path) -> Path:
    """Return the path of an event file: the path itself or, if it does not exist, the sample of that name."""
    sample = EVENTS / path.name
    named = path.parent in (Path(), Path(EVENTS.name))
    return sample if named and not path.exists() and sample.exists() else path
