"""A trained model as files in a folder: written whole or not at all, and verified when read."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from menagerie.errors import InvalidInput, ModelRejected, NotFound
from menagerie.manifest import MANIFEST_FILE, MODEL_FILE, ModelManifest
from training.output_file import whole_file

if TYPE_CHECKING:
    from menagerie.classifier import OnnxClassifier


def write(folder: Path, onnx: bytes, manifest: ModelManifest, beside: Mapping[str, bytes] | None = None) -> None:
    """Write model, manifest and what else goes beside them, by file name; raise InvalidInput if it cannot be.

    Each is written by the rules of `training.output_file`, the manifest last.
    """
    contents = {MODEL_FILE: onnx, **(beside or {}), MANIFEST_FILE: manifest.model_dump_json(indent=2).encode() + b"\n"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot write the model to {folder}: {error.strerror}") from error
    with ExitStack() as files:
        # What was entered last ends first.
        for name, content in reversed(contents.items()):
            files.enter_context(whole_file(folder / name)).write_bytes(content)


def load(folder: Path) -> "OnnxClassifier":
    """Return the verified classifier of a folder; raise NotFound or ModelRejected."""
    from menagerie.classifier import OnnxClassifier

    try:
        manifest = (folder / MANIFEST_FILE).read_bytes()
        onnx = (folder / MODEL_FILE).read_bytes()
    except OSError as error:
        raise NotFound(f"there is no model in {folder}: {error.filename}: {error.strerror}") from error
    try:
        return OnnxClassifier.load(onnx, ModelManifest.model_validate_json(manifest))
    except ValidationError as error:
        raise ModelRejected(f"{folder / MANIFEST_FILE} is no manifest: {error.errors()[0]['msg']}") from error
