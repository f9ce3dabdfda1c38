"""The ONNX file: small, deterministic, and in agreement with the classifier."""

import numpy as np
import onnx
import pytest

from menagerie.animal import CLASSES, FEATURES
from menagerie.classifier import OnnxSession
from menagerie.errors import TrainingFailed
from tests.model.worlds import UNKNOWN, WORLDS, draw, official
from training.model.flat_top import FlatTopNaiveBayes
from training.model.onnx_export import OPSET, check_parity, comparison_rows, export

ROWS, TRUTH = official(1000, 0)


def fitted_on(rows: np.ndarray, truth: np.ndarray) -> FlatTopNaiveBayes:
    return FlatTopNaiveBayes(counts=(0, 3, 4), background=UNKNOWN).fit(rows, truth)


CLASSIFIER = fitted_on(ROWS, TRUTH)
ONNX = export(CLASSIFIER)


def test_it_has_one_float32_input_and_one_output() -> None:
    graph = onnx.load_from_string(ONNX).graph
    assert [(i.name, i.type.tensor_type.elem_type) for i in graph.input] == [("animals", onnx.TensorProto.FLOAT)]
    assert [(o.name, o.type.tensor_type.elem_type) for o in graph.output] == [("probabilities", onnx.TensorProto.FLOAT)]


def test_its_metadata_are_classes_with_features() -> None:
    metadata = {entry.key: entry.value for entry in onnx.load_from_string(ONNX).metadata_props}
    assert metadata == {"classes": ",".join(CLASSES), "features": ",".join(FEATURES)}


def test_its_opset_is_pinned() -> None:
    assert [(o.domain, o.version) for o in onnx.load_from_string(ONNX).opset_import] == [("", OPSET)]


def test_it_is_a_valid_model_of_a_few_kilobytes() -> None:
    onnx.checker.check_model(onnx.load_from_string(ONNX), full_check=True)
    assert len(ONNX) < 10_000


def test_the_same_rows_give_the_same_bytes() -> None:
    assert export(fitted_on(ROWS.copy(), TRUTH.copy())) == ONNX


@pytest.mark.parametrize("world", list(WORLDS))
def test_it_agrees_with_the_classifier_on_the_borders_of_every_world(world: str) -> None:
    rows, truth = draw(WORLDS[world], 1000, 3)
    classifier = fitted_on(rows, truth)
    compared = check_parity(OnnxSession(export(classifier)), classifier, rows, random_seed=1)
    assert compared.rows >= 15_000
    assert compared.max_difference < 5e-5


def test_compared_rows_are_on_both_sides_of_the_borders() -> None:
    compared = comparison_rows(CLASSIFIER, ROWS, random_seed=0)
    unsure = np.abs(CLASSIFIER.predict_proba(compared).max(axis=1) - 0.75) < 0.24
    assert unsure.sum() > 100
    assert np.isfinite(compared).all()


def test_a_file_that_differs_is_refused() -> None:
    other = fitted_on(ROWS * np.array([1, 1.5, 1, 1, 1], dtype=np.float32), TRUTH)
    with pytest.raises(TrainingFailed, match="the ONNX model differs from the classifier by "):
        check_parity(OnnxSession(export(other)), CLASSIFIER, ROWS, random_seed=0)


def test_a_model_without_outliers_is_compared() -> None:
    rows, truth = draw(WORLDS["no outliers"], 500, 3)
    classifier = fitted_on(rows, truth)
    assert check_parity(OnnxSession(export(classifier)), classifier, rows, random_seed=0).max_difference < 5e-5


def test_one_row_gets_the_same_probabilities_as_many() -> None:
    session = OnnxSession(ONNX)
    together = session.probabilities(ROWS[:200])
    alone = np.concatenate([session.probabilities(ROWS[i : i + 1]) for i in range(200)])
    assert np.abs(together - alone).max() < 1e-6
    assert session.probabilities(ROWS[:0]).shape == (0, 5)
