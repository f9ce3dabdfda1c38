"""Models in folders: written completely, verified when read."""

import stat
from pathlib import Path

import pytest

from menagerie.errors import InvalidInput, ModelRejected, NotFound
from training.model_folder import load, write
from training.pipeline import TrainedModel


def test_a_written_model_loads(tmp_path: Path, trained: TrainedModel) -> None:
    write(tmp_path / "deep" / "model", trained.onnx, trained.manifest)
    assert sorted(path.name for path in (tmp_path / "deep" / "model").iterdir()) == ["manifest.json", "model.onnx"]
    assert load(tmp_path / "deep" / "model").manifest == trained.manifest


def test_further_files_are_written_with_the_model(tmp_path: Path, trained: TrainedModel) -> None:
    write(tmp_path, trained.onnx, trained.manifest, beside={"report.html": b"<p>"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "model.onnx", "report.html"]
    assert (tmp_path / "report.html").read_bytes() == b"<p>"


def test_a_second_model_replaces_the_first(tmp_path: Path, trained: TrainedModel) -> None:
    write(tmp_path, b"old", trained.manifest)
    write(tmp_path, trained.onnx, trained.manifest)
    assert load(tmp_path).version == trained.manifest.version


def test_a_second_model_follows_links_and_keeps_modes(tmp_path: Path, trained: TrainedModel) -> None:
    folder = tmp_path / "model"
    write(folder, b"old", trained.manifest)
    (folder / "model.onnx").chmod(0o600)
    (folder / "manifest.json").rename(tmp_path / "elsewhere.json")
    (folder / "manifest.json").symlink_to(tmp_path / "elsewhere.json")
    write(folder, trained.onnx, trained.manifest)
    assert load(folder).version == trained.manifest.version
    assert stat.S_IMODE((folder / "model.onnx").stat().st_mode) == 0o600
    assert (folder / "manifest.json").is_symlink()


def test_a_failed_write_leaves_no_temporary_files(tmp_path: Path, trained: TrainedModel) -> None:
    (tmp_path / "manifest.json").mkdir()
    (tmp_path / "manifest.json" / "file").touch()
    with pytest.raises(InvalidInput, match=r"cannot write .*manifest\.json: Is a directory"):
        write(tmp_path, trained.onnx, trained.manifest)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_missing_file_is_named(tmp_path: Path, trained: TrainedModel) -> None:
    with pytest.raises(NotFound, match=r"no model in .*manifest.json: No such file"):
        load(tmp_path)
    write(tmp_path, trained.onnx, trained.manifest)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(NotFound, match=r"model\.onnx"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"), [("manifest.json", b"{}"), ("model.onnx", b"no model")], ids=["manifest", "model"]
)
def test_a_damaged_file_is_refused(tmp_path: Path, trained: TrainedModel, name: str, content: bytes) -> None:
    write(tmp_path, trained.onnx, trained.manifest)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelRejected):
        load(tmp_path)
