"""A trained model as files in a folder: written completely or not at all, and verified when read."""

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

REPORT_FILE = "report.html"


def write(folder: Path, onnx: bytes, manifest: ModelManifest, beside: Mapping[str, bytes] | None = None) -> None:
    """Write the model, the manifest and the files of `beside`, given by name; raise InvalidInput if it fails.

    Each file is written as by `training.output_file`, the manifest last.
    """
    contents = {MODEL_FILE: onnx, **(beside or {}), MANIFEST_FILE: manifest.model_dump_json(indent=2).encode() + b"\n"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot write the model to {folder}: {error.strerror}") from error
    with ExitStack() as files:
        # Contexts exit in reverse order.
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
        raise ModelRejected(f"{folder / MANIFEST_FILE} is not a manifest: {error.errors()[0]['msg']}") from error
