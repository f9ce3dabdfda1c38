"""Checks of a model against zoology: contradictions are found, and a good model passes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from menagerie.animal import CLASSES, feature_matrix
from menagerie.classifier import OnnxClassifier
from tests.model.worlds import WORLDS, as_received, draw, official
from tests.samples import CHICKEN, DOG, ELEPHANT, KANGAROO
from tests.unit.training.conftest import NOON
from training.labelling.zoology import check_zoology
from training.pipeline import TrainedModel, train
from training.rows import Origin

ROWS = feature_matrix([KANGAROO, ELEPHANT, CHICKEN, DOG])


def always(*species: str) -> NDArray[np.float32]:
    return np.eye(len(CLASSES), dtype=np.float32)[[CLASSES.index(name) for name in species]]


def test_a_trained_model_agrees_with_zoology(trained: TrainedModel) -> None:
    zoology = trained.manifest.zoology
    assert len(zoology) > 10
    assert all(check.holds for check in zoology)
    assert "the elephant is heavier than the dog" in {check.statement for check in zoology}


@pytest.mark.parametrize("world", list(WORLDS))
def test_zoology_holds_in_every_world(world: str) -> None:
    model = train(as_received(draw(WORLDS[world], 1000, 1)[0]), source=Origin("dataset"), created_at=NOON)
    assert [check for check in model.manifest.zoology if not check.holds] == []


def test_a_swap_of_dogs_with_elephants_is_found_by_their_size(trained: TrainedModel) -> None:
    classifier = OnnxClassifier.load(trained.onnx, trained.manifest)
    swapped = [0, 3, 2, 1, 4]
    checks = check_zoology(lambda rows: classifier.probabilities(rows)[:, swapped], official(500, 1)[0])
    failed = {check.statement for check in checks if not check.holds}
    assert "the elephant is heavier than the dog" in failed
    assert "the elephant is taller than the dog" in failed
    assert "the dog is four-legged, wingless, with a tail" not in failed


def test_a_model_that_ignores_legs_is_found() -> None:
    def by_size(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        nearest = np.abs(np.log(rows[:, None, 1:3]) - np.log(ROWS[None, :, 1:3])).sum(axis=2).argmin(axis=1)
        return always(*[CLASSES[index] for index in nearest.tolist()])

    failed = [check for check in check_zoology(by_size, ROWS) if not check.holds]
    assert len(failed) == 4
    assert all("other legs: " in check.seen and "unknown" not in check.seen for check in failed)


def test_a_row_with_the_wrong_body_is_counted() -> None:
    winged_dog = DOG.model_copy(update={"has_wings": True})
    rows = np.concatenate([ROWS, feature_matrix([winged_dog])])
    checks = check_zoology(
        lambda rows: (
            always("kangaroo", "elephant", "chicken", "dog", "dog") if len(rows) == 5 else always(*["unknown"] * 4)
        ),
        rows,
    )
    of_dog = next(check for check in checks if check.statement == "the dog is four-legged, wingless, with a tail")
    assert (of_dog.holds, of_dog.seen) == (False, "1 of 2 rows answered dog are")


def test_a_species_that_is_never_answered_is_named() -> None:
    (only,) = check_zoology(lambda rows: always(*["dog"] * len(rows)), ROWS)
    assert not only.holds
    assert only.seen == "no held-out row was answered kangaroo or chicken or elephant"
