"""Files are written atomically."""

import errno
import os
import stat
from pathlib import Path

import pytest

from cloud.state.durable_files import link_tree, write_whole


def test_a_written_file_is_private_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "key", "secret")
    assert (tmp_path / "key").read_text(encoding="utf-8") == "secret"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_failed_write_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "key", "before")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "key", "after")
    assert (tmp_path / "key").read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_the_content_is_flushed_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flush(descriptor: int) -> None:
        seen.append("flush")
        fsync(descriptor)

    def rename(path: Path, to: Path) -> Path:
        seen.append("rename")
        return replace(path, to)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(Path, "replace", rename)
    write_whole(tmp_path / "key", "secret")
    assert seen == ["flush", "rename", "flush"]


def test_a_linked_folder_shares_only_files_that_are_never_changed_in_place(tmp_path: Path) -> None:
    (tmp_path / "a" / "zips").mkdir(parents=True)
    for name in ("state.json", "zips/code.zip", "key.pem"):
        (tmp_path / "a" / name).write_text(name, encoding="utf-8")
    link_tree(tmp_path / "a", tmp_path / "b")
    shared = {name: (tmp_path / "a" / name).samefile(tmp_path / "b" / name) for name in ("state.json", "zips/code.zip")}
    assert all(shared.values())
    assert not (tmp_path / "a" / "key.pem").samefile(tmp_path / "b" / "key.pem")
    assert (tmp_path / "b" / "key.pem").read_text(encoding="utf-8") == "key.pem"
