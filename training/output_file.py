"""Writes output files named by a user: completely or not at all, with regard to what already exists at the path."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from menagerie.errors import InvalidInput


@contextmanager
def whole_file(output: Path) -> Iterator[Path]:
    """Yield a temporary file; when the block ends without an error, `output` gets its content.

    Links are followed, and an existing file keeps its mode and owner. A device, a FIFO or a file with several names
    cannot be replaced, so it is written into at the end. Raises InvalidInput that names `output` if it cannot be
    written.
    """
    with _naming(output):
        existing = _status(output)
        into = existing is not None and _is_written_into(output, existing)
        folder = None if into else Path(os.path.realpath(output)).parent
        handle, name = tempfile.mkstemp(prefix=".menagerie-", dir=folder)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with _naming(output):
            _write_into(output, temporary) if into else _replace(output, temporary, existing)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _naming(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(f"cannot write {output}: {error.strerror or error}") from error


def _status(output: Path) -> os.stat_result | None:
    try:
        existing = output.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(output, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return existing


def _is_written_into(output: Path, existing: os.stat_result) -> bool:
    return _is_device(output) or not stat.S_ISREG(existing.st_mode) or existing.st_nlink > 1


def _write_into(output: Path, temporary: Path) -> None:
    # /dev/stdout may be a file that was opened for appending, so files below /dev are appended to.
    mode = os.O_TRUNC if output.is_file() and not _is_device(output) else os.O_APPEND
    with temporary.open("rb") as content, os.fdopen(os.open(output, os.O_WRONLY | mode), "wb") as file:
        shutil.copyfileobj(content, file)


def _is_device(output: Path) -> bool:
    return output.absolute().is_relative_to("/dev")


def _replace(output: Path, temporary: Path, existing: os.stat_result | None) -> None:
    if existing is not None:
        with suppress(PermissionError):  # only root may change the owner
            os.chown(temporary, existing.st_uid, existing.st_gid)
    temporary.chmod(0o666 & ~_umask() if existing is None else stat.S_IMODE(existing.st_mode))
    with temporary.open("rb") as content:
        os.fsync(content.fileno())
    temporary.replace(os.path.realpath(output))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
