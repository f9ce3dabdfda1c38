"""Output files: complete or unchanged, with regard to what exists at the path."""

import os
import stat
import threading
from pathlib import Path

import pytest

from menagerie.errors import InvalidInput
from tests.waiting import LIMIT_SECONDS
from training.output_file import whole_file


def write(output: Path, content: bytes = b"new") -> None:
    with whole_file(output) as temporary:
        temporary.write_bytes(content)


@pytest.fixture
def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_new_file_has_the_default_mode(tmp_path: Path, umask: int) -> None:
    write(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o777])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    output = tmp_path / "file"
    output.write_bytes(b"old")
    output.chmod(mode)
    write(output)
    assert output.read_bytes() == b"new"
    assert stat.S_IMODE(output.stat().st_mode) == mode


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "elsewhere" / "target"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write(link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_hard_links_stay_links_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old and longer")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    write(tmp_path / "one")
    assert (tmp_path / "two").read_bytes() == b"new"


def test_a_fifo_is_written_into(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()), daemon=True)
    reader.start()
    write(fifo)
    reader.join(LIMIT_SECONDS)
    assert read == [b"new"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_device_is_written_into() -> None:
    write(Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_named() -> None:
    with pytest.raises(InvalidInput, match="cannot write /dev/full: No space left on device"):
        write(Path("/dev/full"))


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot write .*: Is a directory"):
        write(tmp_path)


@pytest.mark.parametrize("output", ["missing/file", "loop", "file/below"])
def test_an_invalid_path_is_named(tmp_path: Path, output: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=f"cannot write .*{output}: "):
        write(tmp_path / output)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_missing_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o400)
    with pytest.raises(InvalidInput, match=r"cannot write .*: Permission denied"):
        write(tmp_path / "file")
    tmp_path.chmod(0o500)
    with pytest.raises(InvalidInput, match=r"cannot write .*: Permission denied"):
        write(tmp_path / "new")
    assert (tmp_path / "file").read_bytes() == b"old"


def test_an_error_leaves_the_file_unchanged(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        _fail_while_writing(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def _fail_while_writing(output: Path) -> None:
    with whole_file(output) as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
