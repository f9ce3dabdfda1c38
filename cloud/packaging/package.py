"""Build the reproducible Lambda zips: locked dependencies and the project's own packages."""

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.packaging.bytecode import Compiler, compile_tree, compiler_for
from cloud.packaging.dependencies import add_files, dependencies_zip, digest
from cloud.packaging.lockfile import Target, requirements_for
from cloud.resources import LOCKS, builds, package_folder
from menagerie.errors import InvalidInput
from training.output_file import whole_file

if TYPE_CHECKING:
    from cloud.console import Update

MIB = 1024 * 1024
UNZIPPED_LIMIT = 250 * MIB

# The project's packages in each zip. Its dependencies are those of requirements/<part>.txt.
PARTS: dict[str, tuple[str, ...]] = {
    "predict": ("menagerie", "functions"),
    "train": ("menagerie", "functions", "training"),
}
# The report of a training is made by the command line only, and its libraries are in no zip.
NOT_PACKED = shutil.ignore_patterns("__pycache__", "*.md", "report")


@dataclass(frozen=True, slots=True)
class Package:
    """A finished zip."""

    part: str
    path: Path
    sha256: str
    unzipped: int
    """Unpacked size in bytes, which Lambda limits to 250 MiB."""
    compiled_by: str | None = None
    """The version of CPython that wrote the bytecode; None without bytecode."""


def build(
    part: str,
    target: Target,
    output: Path,
    *,
    limit: int = UNZIPPED_LIMIT,
    cache: Path | None = None,
    progress: "Update" = lambda _: None,
) -> Package:
    """Write <output>/<part>.zip unless it is up to date. Installed dependencies are kept in `cache`, or build/cache.

    Raises InvalidInput if the zip takes more than `limit` bytes unpacked, and Unavailable if its dependencies cannot
    be installed.
    """
    if part not in PARTS:
        raise InvalidInput(f"there is no part called {part}; the parts are {', '.join(PARTS)}")
    requirements = requirements_for(LOCKS / f"{part}.txt", target)
    compiler = compiler_for(target)
    dependencies = dependencies_zip(part, requirements, target, compiler, cache or builds() / "cache", progress)
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{part}.zip"
    compiled_by = compiler.version if compiler else None
    recipe = _recipe(part, dependencies)
    known = _known(path, recipe)
    if known is None:
        progress(f"packing {part}")
        known = _pack(part, dependencies, compiler, path, recipe)
    sha256, unzipped = known
    if unzipped > limit:
        path.unlink()
        _note_of(path).unlink()
        raise InvalidInput(f"{part} takes {unzipped / MIB:.0f} MiB unzipped; Lambda allows {limit / MIB:.0f} MiB")
    return Package(part, path, sha256, unzipped, compiled_by)


def largest(package: Package, count: int = 10) -> list[tuple[str, int]]:
    """Return the largest top-level folders and files of a zip with their unpacked size in bytes."""
    sizes: dict[str, int] = {}
    with zipfile.ZipFile(package.path) as archive:
        for info in archive.infolist():
            top = info.filename.split("/", 1)[0]
            sizes[top] = sizes.get(top, 0) + info.file_size
    return sorted(sizes.items(), key=lambda item: -item[1])[:count]


def _pack(part: str, dependencies: Path, compiler: Compiler | None, path: Path, recipe: str) -> tuple[str, int]:
    with whole_file(path) as temporary:
        shutil.copyfile(dependencies, temporary)
        unzipped = _add_sources(part, temporary, compiler)
    sha256 = digest(path)
    note = {"recipe": recipe, "sha256": sha256, "unzipped": unzipped, "file": _identity(path)}
    _note_of(path).write_text(json.dumps(note) + "\n", encoding="utf-8")
    return sha256, unzipped


def _known(path: Path, recipe: str) -> tuple[str, int] | None:
    """Return digest and unpacked size of an existing zip that has the same recipe and has not changed since."""
    try:
        note = json.loads(_note_of(path).read_text(encoding="utf-8"))
        if (note["recipe"], note["file"]) == (recipe, _identity(path)):
            return note["sha256"], note["unzipped"]
    except (OSError, ValueError, KeyError):
        pass
    return None


def _note_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _identity(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _recipe(part: str, dependencies: Path) -> str:
    """Return a digest of all inputs of a zip. The file name of the dependencies' zip contains a digest of theirs."""
    recipe = hashlib.sha256(dependencies.name.encode())
    recipe.update(digest(Path(__file__)).encode())
    for package in PARTS[part]:
        folder = package_folder(package)
        for file in _sources(folder):
            name = f"{package}/{file.relative_to(folder).as_posix()}"
            recipe.update(name.encode() + b"\0" + digest(file).encode())
    return recipe.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.relative_to(folder).parts:
            yield path


def _add_sources(part: str, path: Path, compiler: Compiler | None) -> int:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        tree = Path(folder)
        for package in PARTS[part]:
            shutil.copytree(package_folder(package), tree / package, ignore=NOT_PACKED)
        if compiler:
            compile_tree(tree, compiler)
        add_files(archive, tree)
        return sum(info.file_size for info in archive.infolist())
