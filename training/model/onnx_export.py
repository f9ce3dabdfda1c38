"""Turns the fitted classifier into an ONNX file and proves that the file answers as the classifier does."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.algebra.onnx_ops import OnnxArgMax, OnnxGather, OnnxGemm, OnnxMatMul, OnnxMul, OnnxRelu, OnnxSoftmax
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

from menagerie.animal import CLASSES, FEATURES
from menagerie.classifier import INPUT_NAME, OUTPUT_NAME
from training.model.naive_bayes import PlateauNaiveBayes

# Pinned, so that the same rows give the same file whatever the libraries learn to write next.
OPSET = 17


def export(classifier: PlateauNaiveBayes) -> bytes:
    """Return ONNX bytes: float32 `animals` (n, 5) in, `probabilities` (n, 5) out, classes and features named."""
    update_registered_converter(
        PlateauNaiveBayes,
        "MenageriePlateauNaiveBayes",
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


def _convert(scope: Any, operator: Any, container: Any) -> None:  # noqa: ANN401 - skl2onnx publishes no types
    """Write the classifier as two dense layers: distances outside each plateau, squared; then their sums."""
    fitted: PlateauNaiveBayes = operator.raw_operator
    version = container.target_opset
    components, features = fitted.lower_.shape
    # Hidden unit (side, component, feature) is (lower - x) / shoulder or (x - upper) / shoulder, cut off at zero.
    scale = np.stack([-1 / fitted.lower_shoulder_, 1 / fitted.upper_shoulder_])
    edge = np.stack([fitted.lower_ / fitted.lower_shoulder_, -fitted.upper_ / fitted.upper_shoulder_])
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
