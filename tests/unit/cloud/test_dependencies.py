"""Zips with the same content have the same bytes."""

import os
import zipfile
from pathlib import Path

from cloud.packaging.dependencies import add_files, digest


def pack(path: Path, root: Path) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        add_files(archive, root)
    return digest(path)


def test_a_zip_does_not_depend_on_times_or_the_order_of_creation(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for root, names in ((first, ["a.py", "b/c.so", "b/d.txt"]), (second, ["b/d.txt", "b/c.so", "a.py"])):
        for number, name in enumerate(names):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(name, encoding="utf-8")
            os.utime(root / name, (number * 1e6 + 1e9, number * 1e6 + 1e9))
    assert pack(tmp_path / "1.zip", first) == pack(tmp_path / "2.zip", second)
    assert zipfile.ZipFile(tmp_path / "1.zip").namelist() == ["a.py", "b/c.so", "b/d.txt"]


def test_content_changes_a_zip(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_text("one", encoding="utf-8")
    before = pack(tmp_path / "1.zip", tmp_path / "tree")
    (tmp_path / "tree" / "a").write_text("two", encoding="utf-8")
    assert pack(tmp_path / "2.zip", tmp_path / "tree") != before


def test_only_libraries_are_executable(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    for name in ("lib.so", "lib.so.1", "module.py"):
        (tmp_path / "tree" / name).touch()
    pack(tmp_path / "1.zip", tmp_path / "tree")
    modes = {i.filename: i.external_attr >> 16 & 0o777 for i in zipfile.ZipFile(tmp_path / "1.zip").infolist()}
    assert modes == {"lib.so": 0o755, "lib.so.1": 0o755, "module.py": 0o644}
