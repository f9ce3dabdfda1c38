"""Exports the fitted classifier to ONNX and compares the file with the classifier."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.algebra.onnx_ops import OnnxArgMax, OnnxGather, OnnxGemm, OnnxMatMul, OnnxMul, OnnxRelu, OnnxSoftmax
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

from menagerie.animal import CLASSES, DISCRETE_COLUMNS, FEATURE_DETAILS, FEATURES, MEASURE_COLUMNS
from menagerie.classifier import CANARY_TOLERANCE, INPUT_NAME, OUTPUT_NAME, OnnxSession
from menagerie.errors import TrainingFailed
from training.model.flat_top import FlatTopNaiveBayes

# Pinned, so that the same rows give the same file with later versions of the libraries.
OPSET = 17

ROWS_OF_EACH_KIND = 5_000
DISTANCES_IN_SCALES = np.arange(8.0)
MAXIMA = np.array([feature.maximum for feature in FEATURE_DETAILS], dtype=np.float32)


def export(classifier: FlatTopNaiveBayes) -> bytes:
    """Return ONNX bytes: float32 `animals` (n, features) in, `probabilities` (n, classes) out; both are named."""
    update_registered_converter(
        FlatTopNaiveBayes,
        "MenagerieFlatTopNaiveBayes",
        calculate_linear_classifier_output_shapes,
        _convert,
        options={"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]},
    )
    model = to_onnx(
        classifier,
        name="menagerie",
        initial_types=[(INPUT_NAME, FloatTensorType([None, len(FEATURES)]))],
        options={id(classifier): {"zipmap": False}},
        target_opset=OPSET,
    )
    typed = next(output for output in model.graph.output if output.name == OUTPUT_NAME)
    model = select_model_inputs_outputs(model, outputs=[OUTPUT_NAME])
    model.graph.output[0].CopyFrom(typed)
    used = {name for node in model.graph.node for name in node.input}
    for unused in [constant for constant in model.graph.initializer if constant.name not in used]:
        model.graph.initializer.remove(unused)
    del model.metadata_props[:]
    for key, value in (("classes", ",".join(CLASSES)), ("features", ",".join(FEATURES))):
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


@dataclass(frozen=True, slots=True)
class Parity:
    """The number of rows on which the ONNX file and the classifier were compared, and the largest difference."""

    rows: int
    max_difference: float
    """Of a probability."""


def check_parity(
    session: OnnxSession, classifier: FlatTopNaiveBayes, rows: NDArray[np.float32], random_seed: int
) -> Parity:
    """Compare file and classifier on up to 20,000 rows made from `rows`, shape (n, features).

    Raises TrainingFailed if a probability differs by more than CANARY_TOLERANCE.
    """
    compared = comparison_rows(classifier, rows, random_seed)
    difference = float(np.abs(session.probabilities(compared) - classifier.predict_proba(compared)).max())
    if not difference <= CANARY_TOLERANCE:
        raise TrainingFailed(f"the ONNX model differs from the classifier by {difference:.2g} on {len(compared)} rows")
    return Parity(len(compared), difference)


def comparison_rows(classifier: FlatTopNaiveBayes, rows: NDArray[np.float32], random_seed: int) -> NDArray[np.float32]:
    """Return some of `rows`, random rows over twice their range, and rows on and beyond the edges of the densities."""
    rng = np.random.default_rng(random_seed)
    taken = rows[rng.integers(len(rows), size=ROWS_OF_EACH_KIND)]
    largest = np.maximum(2 * rows.max(axis=0), 1)
    scattered = rng.uniform(0, largest, size=(ROWS_OF_EACH_KIND, rows.shape[1])).astype(np.float32)
    scattered[:, DISCRETE_COLUMNS] = np.rint(scattered[:, DISCRETE_COLUMNS])
    compared = np.concatenate(
        [rows[:: max(len(rows) // ROWS_OF_EACH_KIND, 1)], scattered, *_rows_at_edges(classifier, taken, rng)]
    )
    allowed: NDArray[np.float32] = np.clip(compared, 0, MAXIMA)
    return allowed


def _rows_at_edges(
    classifier: FlatTopNaiveBayes, rows: NDArray[np.float32], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Move the measures of each row to an edge of its class or some scales beyond, and one float32 further."""
    component = np.searchsorted(classifier.component_class_, classifier.predict(rows))
    moved = rows.copy()
    for column in MEASURE_COLUMNS:
        beyond = rng.choice(DISTANCES_IN_SCALES, size=len(rows))
        with np.errstate(invalid="ignore"):  # 0 times an infinite scale
            below = classifier.lower_[component, column] - beyond * classifier.lower_scale_[component, column]
            above = classifier.upper_[component, column] + beyond * classifier.upper_scale_[component, column]
        edge = np.where(rng.random(len(rows)) < 0.5, below, above)
        keep = ~np.isfinite(edge) | (rng.random(len(rows)) < 0.3)
        moved[:, column] = np.where(keep, moved[:, column], edge)
    return [moved, np.nextafter(moved, np.float32(np.inf))]


def _convert(scope: Any, operator: Any, container: Any) -> None:  # noqa: ANN401 - skl2onnx publishes no types
    """Write the classifier as two dense layers: squared distances beyond each edge, then their sums."""
    fitted: FlatTopNaiveBayes = operator.raw_operator
    version = container.target_opset
    components, features = fitted.lower_.shape
    # Hidden unit (side, component, feature) is (lower - x) / scale or (x - upper) / scale, at least zero.
    scale = np.stack([-1 / fitted.lower_scale_, 1 / fitted.upper_scale_])
    edge = np.stack([fitted.lower_ / fitted.lower_scale_, -fitted.upper_ / fitted.upper_scale_])
    into_hidden = np.einsum("skf,gf->gskf", scale, np.eye(features)).reshape(features, -1)
    out_of_hidden = np.tile(np.repeat(-0.5 * np.eye(components), features, axis=0), (2, 1))
    to_classes = fitted.component_class_[:, None] == np.arange(len(fitted.classes_))

    outside = OnnxRelu(
        OnnxGemm(operator.inputs[0], _float32(into_hidden), _float32(edge.reshape(-1)), op_version=version),
        op_version=version,
    )
    scores = OnnxGemm(
        OnnxMul(outside, outside, op_version=version),
        _float32(out_of_hidden),
        _float32(fitted.log_peak_),
        op_version=version,
    )
    probabilities = OnnxMatMul(
        OnnxSoftmax(scores, axis=1, op_version=version),
        _float32(to_classes),
        op_version=version,
        output_names=operator.outputs[1:],
    )
    label = OnnxGather(
        fitted.classes_.astype(np.int64),
        OnnxArgMax(probabilities, axis=1, keepdims=0, op_version=version),
        op_version=version,
        output_names=operator.outputs[:1],
    )
    probabilities.add_to(scope, container)
    label.add_to(scope, container)


def _float32(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, dtype=np.float32)
