"""Write zip files whose bytes depend on nothing but the content."""

import hashlib
import zipfile
from pathlib import Path

# The oldest time that a zip file can hold. Any fixed time would do.
EPOCH = (1980, 1, 1, 0, 0, 0)
REGULAR = 0o100644
EXECUTABLE = 0o100755


def add_files(archive: zipfile.ZipFile, root: Path) -> None:
    """Add every file below root in sorted order, under its path relative to root."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        info = zipfile.ZipInfo(path.relative_to(root).as_posix(), EPOCH)
        mode = EXECUTABLE if path.suffix == ".so" or ".so." in path.name else REGULAR
        info.external_attr = mode << 16
        info.create_system = 3  # Unix: readers then apply the mode
        info.compress_type = archive.compression
        # Level 1 takes a third of the time of the default and makes the file an eighth larger.
        archive.writestr(info, path.read_bytes(), compresslevel=1)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
