"""Build the Lambda zips: a part's locked dependencies and our own packages, byte for byte the same each time."""

import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from cloud.archive import add_files, digest
from cloud.bytecode import Compiler, compile_tree, compiler_for
from cloud.dependencies import dependencies_zip
from cloud.locks import Report, Target, requirements_for
from menagerie.errors import InvalidInput

PROJECT = Path(__file__).resolve().parent.parent
CACHE = PROJECT / "build" / "cache"
MIB = 1024 * 1024
UNZIPPED_LIMIT = 250 * MIB

# What each zip holds of ours; its dependencies are those of requirements/<part>.txt.
PARTS: dict[str, tuple[str, ...]] = {
    "predict": ("menagerie", "functions"),
    "retrain": ("menagerie", "functions", "training"),
}
# The data service is another program; its folder in training/ is not part of the training job.
NOT_PACKED = shutil.ignore_patterns("__pycache__", "data_service", "*.md")


@dataclass(frozen=True, slots=True)
class Package:
    """A finished zip."""

    part: str
    path: Path
    sha256: str
    unzipped: int
    """Bytes once unpacked, which is what Lambda limits to 250 MiB."""
    compiled_by: str | None = None
    """The version of CPython that wrote its bytecode; None if it has none."""


def build(
    part: str, target: Target, output: Path, *, limit: int = UNZIPPED_LIMIT, report: Report = lambda _: None
) -> Package:
    """Write <output>/<part>.zip, from the cache where nothing changed.

    Raises InvalidInput if it takes more than `limit` bytes unzipped, Unavailable if its dependencies cannot be had.
    """
    if part not in PARTS:
        raise InvalidInput(f"there is no part called {part}; the parts are {', '.join(PARTS)}")
    requirements = requirements_for(PROJECT / "requirements" / f"{part}.txt", target)
    compiler = compiler_for(target)
    dependencies = dependencies_zip(part, requirements, target, compiler, CACHE, report)
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{part}.zip"
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    report(f"packing {part}")
    try:
        shutil.copyfile(dependencies, temporary)
        unzipped = _add_sources(part, temporary, compiler)
        if unzipped > limit:
            raise InvalidInput(f"{part} takes {unzipped / MIB:.0f} MiB unzipped, Lambda allows {limit / MIB:.0f} MiB")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return Package(part, path, digest(path), unzipped, compiler.version if compiler else None)


def largest(package: Package, count: int = 10) -> list[tuple[str, int]]:
    """Return the top-level folders and files that take most, with their bytes unpacked."""
    sizes: dict[str, int] = {}
    with zipfile.ZipFile(package.path) as archive:
        for info in archive.infolist():
            top = info.filename.split("/", 1)[0]
            sizes[top] = sizes.get(top, 0) + info.file_size
    return sorted(sizes.items(), key=lambda item: -item[1])[:count]


def _add_sources(part: str, path: Path, compiler: Compiler | None) -> int:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        tree = Path(folder)
        for package in PARTS[part]:
            shutil.copytree(PROJECT / package, tree / package, ignore=NOT_PACKED)
        if compiler:
            compile_tree(tree, compiler)
        add_files(archive, tree)
        return sum(info.file_size for info in archive.infolist())
