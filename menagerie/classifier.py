"""The ONNX classifier: loads and verifies a model, and predicts species with probabilities and prediction sets."""

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

# onnxruntime sends telemetry by default since 1.29.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime as ort

from menagerie.animal import CLASSES, FEATURES, Species, feature_matrix
from menagerie.errors import ModelRejected
from menagerie.manifest import ConformalThresholds, ModelManifest

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUT_NAME = "animals"
OUTPUT_NAME = "probabilities"
CANARY_TOLERANCE = 1e-4
# onnxruntime allocates intermediate results for all rows of a run.
ROWS_PER_RUN = 65_536


@dataclass(frozen=True, slots=True)
class Classification:
    """The predictions for n animals."""

    probabilities: "NDArray[np.float32]"
    """Shape (n, classes), columns as in `CLASSES`; each row has a sum of 1."""
    prediction_sets: list[list[Species]]
    """For each animal the classes that split conformal prediction cannot rule out, most probable first; never empty."""

    @property
    def species(self) -> list[Species]:
        """The most probable class of each animal."""
        return [classes[0] for classes in self.prediction_sets]


class OnnxSession:
    """An ONNX model open in onnxruntime, on one thread."""

    def __init__(self, content: bytes) -> None:
        """Open the content of an ONNX file; onnxruntime raises a class of its own for each status code."""
        options = ort.SessionOptions()
        # Most requests have one row, for which a thread pool takes more time than it saves.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.runtime = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def probabilities(self, rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return class probabilities of shape (n, classes) for feature rows of shape (n, features)."""
        starts = range(0, max(len(rows), 1), ROWS_PER_RUN)
        outputs = [
            self.runtime.run([OUTPUT_NAME], {INPUT_NAME: rows[start : start + ROWS_PER_RUN]})[0] for start in starts
        ]
        return np.asarray(outputs[0] if len(outputs) == 1 else np.concatenate(outputs), dtype=np.float32)


class OnnxClassifier:
    """A loaded model, created by `load`."""

    def __init__(self, session: OnnxSession, manifest: ModelManifest) -> None:
        self.manifest = manifest
        self._session = session

    @classmethod
    def load(cls, model: bytes, manifest: ModelManifest) -> Self:
        """Load an ONNX model and verify its digest, manifest, metadata, input and canary rows.

        Raises ModelRejected on any difference, and for any error of onnxruntime: a bad model must not stop a good one.
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
        """Return class probabilities of shape (n, classes) for feature rows of shape (n, features)."""
        return self._session.probabilities(rows)

    def classify(self, rows: "NDArray[np.float32]") -> Classification:
        """Classify feature rows of shape (n, features), columns as in `FEATURES`, metres and kilograms."""
        probabilities = self.probabilities(rows)
        order = np.argsort(-probabilities, axis=1, kind="stable").tolist()
        inside = in_prediction_set(probabilities, self.manifest.thresholds).tolist()
        return Classification(
            probabilities=probabilities,
            # Plain lists: with numpy's take_along_axis the sets of one row take 19 µs instead of 6.
            prediction_sets=[[CLASSES[i] for i in row if kept[i]] for row, kept in zip(order, inside, strict=True)],
        )

    def _verify_metadata(self) -> None:
        stored = self._session.runtime.get_modelmeta().custom_metadata_map
        expected = {"classes": ",".join(CLASSES), "features": ",".join(FEATURES)}
        for name, value in expected.items():
            if stored.get(name) != value:
                raise ModelRejected(f"model {self.version} has {name} {stored.get(name)!r}, expected {value!r}")

    def _verify_input(self) -> None:
        inputs = [(each.name, each.type, each.shape[1:]) for each in self._session.runtime.get_inputs()]
        if inputs != [(INPUT_NAME, "tensor(float)", [len(FEATURES)])]:
            raise ModelRejected(f"model {self.version} takes {inputs}, not rows of {len(FEATURES)} features")
        (rows,) = (each.shape[0] for each in self._session.runtime.get_inputs())
        if isinstance(rows, int):
            raise ModelRejected(f"model {self.version} takes {rows} rows at a time, not any number")

    def _verify_canaries(self) -> None:
        canaries = self.manifest.canaries
        actual = self.probabilities(feature_matrix([canary.animal for canary in canaries]))
        expected = np.array(
            [[canary.probabilities[species] for species in CLASSES] for canary in canaries], dtype=np.float32
        )
        if actual.shape != expected.shape:
            raise ModelRejected(f"model {self.version} returns shape {actual.shape}, not {expected.shape}")
        difference = float(np.abs(actual - expected).max())
        if not difference <= CANARY_TOLERANCE:
            raise ModelRejected(f"model {self.version} misses its canary rows by {difference:.2g}")


def reaches_threshold(probabilities: "NDArray[np.floating]", thresholds: ConformalThresholds) -> "NDArray[np.bool_]":
    """Return whether the probabilities reach the thresholds of their classes; both of shape (n, classes)."""
    minimum = np.array([thresholds.minimum_probability[species] for species in CLASSES], dtype=np.float32)
    return np.asarray(probabilities >= minimum)


def in_prediction_set(probabilities: "NDArray[np.floating]", thresholds: ConformalThresholds) -> "NDArray[np.bool_]":
    """Return which classes are in the prediction set of each row, shape (n, classes), for probabilities of that shape.

    A class is in the set if it reaches its threshold; the most probable class always is.
    """
    inside = reaches_threshold(probabilities, thresholds)
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    return inside


def _verify_manifest(manifest: ModelManifest) -> None:
    """Verify the manifest without the model; raise ModelRejected."""
    if (manifest.classes, manifest.features) != (CLASSES, FEATURES):
        raise ModelRejected(f"model {manifest.version} has other classes or features, or in another order")
    if not manifest.canaries:
        raise ModelRejected(f"model {manifest.version} has no canary rows to verify it with")
    for part, named in (
        ("thresholds", manifest.thresholds.minimum_probability),
        *(("canary rows", canary.probabilities) for canary in manifest.canaries),
    ):
        if set(named) != set(CLASSES):
            raise ModelRejected(f"model {manifest.version} has {part} that do not name each class")


def _open(model: bytes, version: str) -> OnnxSession:
    try:
        return OnnxSession(model)
    except Exception as error:
        raise ModelRejected(f"model {version} cannot be opened by onnxruntime: {error}") from error
