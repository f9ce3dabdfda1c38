"""The ONNX classifier: bytes and a manifest in, species with calibrated probabilities and prediction sets out."""

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

# onnxruntime reports usage by default since 1.29; a library that classifies animals has nothing to report.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime as ort

from menagerie.animal import CLASSES, FEATURES, Species, feature_matrix
from menagerie.errors import ModelRejected
from menagerie.manifest import ModelManifest

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUT_NAME = "animals"
OUTPUT_NAME = "probabilities"
CANARY_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Classification:
    """Answers for n animals."""

    probabilities: "NDArray[np.float32]"
    """Shape (n, 5), columns as in `CLASSES`; every row adds up to one."""
    prediction_sets: list[list[Species]]
    """The classes that split conformal prediction cannot rule out, most probable first; never empty."""

    @property
    def species(self) -> list[Species]:
        """The most probable class of each animal."""
        return [answer[0] for answer in self.prediction_sets]


class OnnxClassifier:
    """A loaded model. Build it with `load`, which refuses a file that is not what its manifest says."""

    def __init__(self, session: ort.InferenceSession, manifest: ModelManifest) -> None:
        self.manifest = manifest
        self._session = session
        self._minimum = np.array([manifest.thresholds.minimum_probability[c] for c in CLASSES], dtype=np.float32)

    @classmethod
    def load(cls, model: bytes, manifest: ModelManifest) -> Self:
        """Open an ONNX model and verify digest, manifest, metadata, input and canaries.

        Raises ModelRejected on any difference, and for whatever else goes wrong: a bad model must not stop a good one.
        """
        digest = hashlib.sha256(model).hexdigest()
        if digest != manifest.sha256:
            raise ModelRejected(f"model {manifest.version} has digest {digest[:12]}…, not {manifest.sha256[:12]}…")
        _verify_manifest(manifest)
        try:
            classifier = cls(_open(model, manifest.version), manifest)
            classifier._verify_metadata()
            classifier._verify_input()
            classifier._verify_canaries()
        except ModelRejected:
            raise
        except Exception as error:  # onnxruntime raises a class of its own for each status code
            raise ModelRejected(f"model {manifest.version} does not run: {type(error).__name__}: {error}") from error
        return classifier

    @property
    def version(self) -> str:
        """The version of the loaded model."""
        return self.manifest.version

    def probabilities(self, rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return class probabilities of shape (n, 5) for feature rows of shape (n, 5)."""
        (output,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: rows})
        return np.asarray(output, dtype=np.float32)

    def classify(self, rows: "NDArray[np.float32]") -> Classification:
        """Classify feature rows of shape (n, 5), columns as in `FEATURES`, metres and kilograms."""
        probabilities = self.probabilities(rows)
        order = np.argsort(-probabilities, axis=1, kind="stable").tolist()
        inside = (probabilities >= self._minimum).tolist()
        return Classification(
            probabilities=probabilities,
            # Plain lists: numpy's take_along_axis would be a third of the time of a whole small request.
            prediction_sets=[
                [CLASSES[i] for i in row if kept[i] or i == row[0]] for row, kept in zip(order, inside, strict=True)
            ],
        )

    def inside(self, probabilities: "NDArray[np.float32]") -> "NDArray[np.bool_]":
        """Return which classes belong to the prediction sets: shape (n, 5), at least the most probable of each row."""
        inside: NDArray[np.bool_] = probabilities >= self._minimum
        inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
        return inside

    def _verify_metadata(self) -> None:
        stored = self._session.get_modelmeta().custom_metadata_map
        expected = {"classes": ",".join(CLASSES), "features": ",".join(FEATURES)}
        for name, value in expected.items():
            if stored.get(name) != value:
                raise ModelRejected(f"model {self.version} says {name} {stored.get(name)!r}, expected {value!r}")

    def _verify_input(self) -> None:
        inputs = [(each.name, each.type, each.shape[1:]) for each in self._session.get_inputs()]
        if inputs != [(INPUT_NAME, "tensor(float)", [len(FEATURES)])]:
            raise ModelRejected(f"model {self.version} takes {inputs}, not rows of {len(FEATURES)} features")
        (rows,) = (each.shape[0] for each in self._session.get_inputs())
        if isinstance(rows, int):
            raise ModelRejected(f"model {self.version} takes {rows} rows at a time, not any number")

    def _verify_canaries(self) -> None:
        canaries = self.manifest.canaries
        answered = self.probabilities(feature_matrix([canary.animal for canary in canaries]))
        expected = np.array(
            [[canary.probabilities[species] for species in CLASSES] for canary in canaries], dtype=np.float32
        )
        if answered.shape != expected.shape:
            raise ModelRejected(f"model {self.version} answers with shape {answered.shape}, not {expected.shape}")
        difference = float(np.abs(answered - expected).max())
        if not difference <= CANARY_TOLERANCE:
            raise ModelRejected(f"model {self.version} misses its canary rows by {difference:.2g}")


def _verify_manifest(manifest: ModelManifest) -> None:
    """Check what the manifest says on its own; raise ModelRejected."""
    if (manifest.classes, manifest.features) != (CLASSES, FEATURES):
        raise ModelRejected(f"model {manifest.version} has other classes or features, or in another order")
    if not manifest.canaries:
        raise ModelRejected(f"model {manifest.version} has no canary rows to verify it with")
    for what, named in (
        ("thresholds", manifest.thresholds.minimum_probability),
        *(("canary rows", canary.probabilities) for canary in manifest.canaries),
    ):
        if set(named) != set(CLASSES):
            raise ModelRejected(f"model {manifest.version} has {what} that do not name each class")


def _open(model: bytes, version: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # One row at a time is the usual request: a thread pool costs more than it brings.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class of its own for each status code
        raise ModelRejected(f"model {version} cannot be opened by onnxruntime: {error}") from error
