"""A model is loaded only if it matches its manifest, and its outputs become species and prediction sets."""

import hashlib
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.animal import CLASSES, Species, feature_matrix
from menagerie.classifier import ROWS_PER_RUN, OnnxClassifier, OnnxSession, in_prediction_set
from menagerie.errors import ModelRejected
from menagerie.manifest import ConformalThresholds, ModelManifest
from tests.samples import ANIMALS, published_model

Change = Callable[[bytes, ModelManifest], tuple[bytes, ModelManifest]]


def with_digest(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    """Return a model and the manifest with its digest."""
    return model, manifest.model_copy(update={"sha256": hashlib.sha256(model).hexdigest()})


def another_byte(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    return model + b"\0", manifest


def not_onnx(_: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    return with_digest(b"not an ONNX file", manifest)


def other_classes(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    graph = onnx.load_from_string(model)
    (entry,) = (each for each in graph.metadata_props if each.key == "classes")
    entry.value = "cat,cow"
    return with_digest(graph.SerializeToString(), manifest)


def no_canaries(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    return model, manifest.model_copy(update={"canaries": ()})


def other_canary(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    first = manifest.canaries[0]
    changed = first.model_copy(update={"probabilities": {**first.probabilities, Species.DOG: 0.5}})
    return model, manifest.model_copy(update={"canaries": (changed,)})


def reversed_classes(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    return model, manifest.model_copy(update={"classes": CLASSES[::-1]})


def thresholds_without_a_class(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    fewer = dict.fromkeys((species for species in CLASSES if species != "dog"), 0.1)
    thresholds = ConformalThresholds(target_coverage=0.95, minimum_probability=fewer)
    return model, manifest.model_copy(update={"thresholds": thresholds})


def canary_without_a_class(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    canary = manifest.canaries[-1]
    fewer = {species: share for species, share in canary.probabilities.items() if species is not Species.DOG}
    changed = canary.model_copy(update={"probabilities": fewer})
    return model, manifest.model_copy(update={"canaries": (*manifest.canaries[:-1], changed)})


def renamed_input(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    graph = onnx.load_from_string(model)
    graph.graph.input[0].name = "rows"
    for node in graph.graph.node:
        node.input[:] = ["rows" if name == "animals" else name for name in node.input]
    return with_digest(graph.SerializeToString(), manifest)


def with_dimension(place: int, size: int) -> Change:
    def change(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
        graph = onnx.load_from_string(model)
        graph.graph.input[0].type.tensor_type.shape.dim[place].dim_value = size
        return with_digest(graph.SerializeToString(), manifest)

    return change


def renamed_output(model: bytes, manifest: ModelManifest) -> tuple[bytes, ModelManifest]:
    graph = onnx.load_from_string(model)
    for each in graph.graph.output:
        each.name = {"probabilities": "shares"}.get(each.name, each.name)
    for node in graph.graph.node:
        node.output[:] = ["shares" if name == "probabilities" else name for name in node.output]
    return with_digest(graph.SerializeToString(), manifest)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (reversed_classes, "in another order"),
        (thresholds_without_a_class, "thresholds that do not name each class"),
        (canary_without_a_class, "canary rows that do not name each class"),
        (renamed_input, "takes .*rows"),
        (with_dimension(1, 7), "takes .*7"),
        (with_dimension(0, 5), "takes 5 rows at a time"),
        (renamed_output, "does not run"),
        (another_byte, "digest"),
        (not_onnx, "cannot be opened"),
        (other_classes, "classes"),
        (no_canaries, "no canary rows"),
        (other_canary, "misses its canary rows"),
    ],
)
def test_a_model_that_does_not_match_its_manifest_is_rejected(change: Change, message: str) -> None:
    manifest, model = published_model()
    changed, changed_manifest = change(model, manifest)
    with pytest.raises(ModelRejected, match=message):
        OnnxClassifier.load(changed, changed_manifest)


def test_the_species_is_the_most_probable_class() -> None:
    manifest, model = published_model()
    answers = OnnxClassifier.load(model, manifest).classify(feature_matrix(ANIMALS))
    assert answers.species == list(CLASSES)
    assert answers.probabilities.shape == (len(ANIMALS), len(CLASSES))
    assert np.allclose(answers.probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("minimum", "size"), [(0.0, len(CLASSES)), (2.0, 1)])
def test_a_prediction_set_has_the_classes_above_the_threshold_and_always_the_predicted_one(
    minimum: float, size: int
) -> None:
    manifest, model = published_model()
    thresholds = ConformalThresholds(target_coverage=0.95, minimum_probability=dict.fromkeys(CLASSES, minimum))
    classifier = OnnxClassifier.load(model, manifest.model_copy(update={"thresholds": thresholds}))
    answers = classifier.classify(feature_matrix(ANIMALS))
    for species, chosen in zip(answers.species, answers.prediction_sets, strict=True):
        assert len(chosen) == size
        assert chosen[0] is species


@given(st.lists(st.floats(0, 1, width=32), min_size=5, max_size=5), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_a_class_is_in_the_set_if_it_reaches_its_threshold_or_is_the_most_probable(
    minimum: list[float], raw: list[float]
) -> None:
    thresholds = ConformalThresholds(target_coverage=0.95, minimum_probability=dict(zip(CLASSES, minimum, strict=True)))
    probabilities = np.array([raw], dtype=np.float32)
    (inside,) = in_prediction_set(probabilities, thresholds)
    assert inside[probabilities.argmax()]
    for index in set(range(5)) - {int(probabilities.argmax())}:
        assert inside[index] == (probabilities[0, index] >= np.float32(minimum[index]))


@pytest.mark.parametrize("rows", [0, 1, ROWS_PER_RUN, ROWS_PER_RUN + 1])
def test_any_number_of_rows_is_classified_in_runs_of_limited_size(rows: int) -> None:
    session = OnnxSession(published_model()[1])
    matrix = np.tile(feature_matrix(ANIMALS[:1]), (rows, 1))
    probabilities = session.probabilities(matrix)
    assert probabilities.shape == (rows, len(CLASSES))
    assert np.ptp(probabilities, axis=0).max() < 1e-6 if rows else True
