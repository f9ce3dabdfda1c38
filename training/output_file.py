"""Files that a person names for output: written whole or not at all, by the rules of what is there already."""

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
    """Yield a temporary file; once the block has ended without an error, its content is that of `output`.

    A link is followed, and a file that exists keeps its mode and owner. What cannot be replaced without changing what
    it is, a device, a FIFO or a file with several names, is written into at the end. Raises InvalidInput that names
    `output` if it cannot be written.
    """
    with _named(output):
        there = _found(output)
        into = there is not None and _is_written_into(output, there)
        folder = None if into else Path(os.path.realpath(output)).parent
        handle, name = tempfile.mkstemp(prefix=".menagerie-", dir=folder)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with _named(output):
            _write_into(output, temporary) if into else _replace(output, temporary, there)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _named(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(f"cannot write {output}: {error.strerror or error}") from error


def _found(output: Path) -> os.stat_result | None:
    try:
        there = output.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(output, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return there


def _is_written_into(output: Path, there: os.stat_result) -> bool:
    return _is_device(output) or not stat.S_ISREG(there.st_mode) or there.st_nlink > 1


def _write_into(output: Path, temporary: Path) -> None:
    # What is appended to a device or a FIFO is just written; a file that /dev/stdout names may have been opened by >>.
    mode = os.O_TRUNC if output.is_file() and not _is_device(output) else os.O_APPEND
    with temporary.open("rb") as content, os.fdopen(os.open(output, os.O_WRONLY | mode), "wb") as file:
        shutil.copyfileobj(content, file)


def _is_device(output: Path) -> bool:
    return output.absolute().is_relative_to("/dev")


def _replace(output: Path, temporary: Path, there: os.stat_result | None) -> None:
    if there is not None:
        with suppress(PermissionError):  # only root gives files away
            os.chown(temporary, there.st_uid, there.st_gid)
    temporary.chmod(0o666 & ~_umask() if there is None else stat.S_IMODE(there.st_mode))
    with temporary.open("rb") as content:
        os.fsync(content.fileno())
    temporary.replace(os.path.realpath(output))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
