"""Where the files that commands read lie, and where they may write, in a checkout and in an installed wheel.

A wheel has the checkout's files that commands read in cloud/bundled; pyproject.toml says which (`force-include`).
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
    """Return the checkout's root; raise NotFound in an installed wheel, where the command has no use."""
    if _IN_WHEEL:
        raise NotFound(f"`{command}` needs a checkout of the project, and this is an installed package")
    return _ROOT


def package_folder(name: str) -> Path:
    """Return where one of our packages lies; raise NotFound if it is not there."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NotFound(f"the package {name} is not part of this installation")
    return Path(spec.origin).resolve().parent


def builds() -> Path:
    """Return the folder for what can be built again: build/ in a checkout, else one in the user's caches."""
    if not _IN_WHEEL:
        return _ROOT / "build"
    from platformdirs import user_cache_path

    return user_cache_path("menagerie", appauthor=False)


def event(path: Path) -> Path:
    """Return a file with an event: the path itself or, if nothing is there, the sample of that name."""
    sample = EVENTS / path.name
    named = path.parent in (Path(), Path(EVENTS.name))
    return sample if named and not path.exists() and sample.exists() else path
