"""Files that are whole or absent, whatever ends the process: written beside, flushed to the disk, then renamed."""

import os
import shutil
from pathlib import Path


def write_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file by a text, or leave it as it was; raise OSError if the disk does not take it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)


def flush(path: Path) -> None:
    """Return once a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_tree(source: Path, target: Path) -> None:
    """Copy a folder; documents and zips, which are replaced and never changed in place, by a hard link if possible."""
    shutil.copytree(source, target, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    if source.endswith((".json", ".zip")):
        try:
            os.link(source, target)
        except OSError:  # no hard links on this file system
            pass
        else:
            return
    shutil.copy2(source, target)
