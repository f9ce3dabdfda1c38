"""The gate between a trained model and the place of the current one."""

from dataclasses import replace

import numpy as np
import pytest

from menagerie.classifier import OnnxClassifier
from menagerie.job import PromotionRule
from tests.model.worlds import UNKNOWN, WORLDS, as_received, draw
from tests.unit.training.conftest import NOON
from training.gate import ACCURACY_MARGIN, decide
from training.pipeline import HeldOut, TrainedModel, train
from training.rows.labelled_rows import LabelledRows
from training.rows.splitting import HELD_OUT
from training.rows.validation import Origin


@pytest.fixture(scope="module")
def young() -> TrainedModel:
    """A model of a world in which the animals are younger."""
    return train(as_received(draw(WORLDS["young animals"], 1000, 0)[0]), source=Origin("dataset"), created_at=NOON)


def loaded(model: TrainedModel) -> OnnxClassifier:
    return OnnxClassifier.load(model.onnx, model.manifest)


def with_wrong_labels(model: TrainedModel, count: int, label: int) -> TrainedModel:
    """Return the model with some held-out labels changed, so that it makes that many mistakes."""
    labels = model.held_out.labels.copy()
    labels[np.flatnonzero(labels == 0)[:count]] = label
    return replace(model, held_out=HeldOut(model.held_out.rows, labels))


@pytest.mark.parametrize("rule", ["if-better", "always"])
def test_the_first_model_is_promoted(trained: TrainedModel, rule: PromotionRule) -> None:
    decision = decide(trained, None, rule)
    assert decision.promote
    assert "there is no current model" in decision.reason


def test_never_means_never(trained: TrainedModel) -> None:
    assert not decide(trained, None, "never").promote
    assert not decide(trained, loaded(trained), "never").promote


def test_an_equal_model_is_promoted(trained: TrainedModel) -> None:
    decision = decide(trained, loaded(trained), "if-better")
    assert decision.promote
    assert f"against 1.00000 of {trained.manifest.version}" in decision.reason
    assert str(ACCURACY_MARGIN) in decision.reason


def test_a_model_of_a_changed_world_takes_over(trained: TrainedModel, young: TrainedModel) -> None:
    decision = decide(young, loaded(trained), "if-better")
    assert decision.promote
    assert decision.reason.startswith("promoted: on ")


def test_a_worse_model_is_not_promoted_unless_the_rule_is_always(trained: TrainedModel, young: TrainedModel) -> None:
    # The young model, judged on rows of the grown-up world.
    misplaced = replace(young, held_out=trained.held_out)
    decision = decide(misplaced, loaded(trained), "if-better")
    assert not decision.promote
    assert decision.reason.startswith("not promoted: on ")
    assert "\n" not in decision.reason
    assert decide(misplaced, loaded(trained), "always").promote


def test_a_mistake_that_both_make_stands_in_nobodys_way(trained: TrainedModel) -> None:
    for label in (1, UNKNOWN):
        assert decide(with_wrong_labels(trained, 5, label), loaded(trained), "if-better").promote


def test_confusing_species_is_worse_than_not_knowing(trained: TrainedModel, young: TrainedModel) -> None:
    held_out = trained.held_out
    kangaroo = np.flatnonzero(held_out.labels == 0)[:1]
    # The one row is a dog by its label. The challenger says kangaroo; to the young model it is too big to be anything.
    row = HeldOut(held_out.rows[kangaroo], np.array([3]))
    decision = decide(replace(trained, held_out=row), loaded(young), "if-better")
    assert not decision.promote
    assert "accuracy 0.00000 against 0.00000" in decision.reason
    assert "species confused 1 against 0" in decision.reason


def test_some_confusion_is_accepted_for_a_higher_accuracy(trained: TrainedModel, young: TrainedModel) -> None:
    mistaken = with_wrong_labels(trained, 1, 3).held_out
    kangaroos = trained.held_out.labels == 0
    judged = replace(trained, held_out=HeldOut(mistaken.rows[kangaroos], mistaken.labels[kangaroos]))
    decision = decide(judged, loaded(young), "if-better")
    assert decision.promote
    assert "species confused 1 against 0" in decision.reason


def test_rows_that_the_current_model_learned_from_are_left_out(trained: TrainedModel) -> None:
    # As if the champion had been made from more rows of the same kind: it learned from half of what is held out here.
    rows = trained.held_out.rows
    half = LabelledRows.unlabelled_by_people(
        rows, trained.held_out.labels, np.where(np.arange(len(rows)) % 2, HELD_OUT, HELD_OUT + 2)
    )
    decision = decide(trained, loaded(trained), "if-better", half)
    assert decision.reason.startswith(f"promoted: on {len(rows) // 2} held-out rows that neither learned from accuracy")


def test_a_champion_of_the_same_rows_is_compared_on_all_that_are_held_out(trained: TrainedModel) -> None:
    decision = decide(trained, loaded(trained), "if-better", trained.rows)
    assert f"on {len(trained.held_out.labels)} held-out rows that neither learned from" in decision.reason


def test_with_hardly_a_fresh_row_all_are_compared_and_the_reason_says_so(trained: TrainedModel) -> None:
    count = len(trained.held_out.labels)
    everything = LabelledRows.unlabelled_by_people(
        trained.held_out.rows, trained.held_out.labels, np.full(count, HELD_OUT + 2)
    )
    decision = decide(trained, loaded(trained), "if-better", everything)
    assert f"on {count} held-out rows ({count} of which the current model learned from)" in decision.reason


def test_what_the_champion_knows_by_heart_does_not_speak_for_it(trained: TrainedModel, young: TrainedModel) -> None:
    """Judged on what it learned from, the young champion would win over a model of the grown-up world."""
    both = HeldOut(
        np.concatenate([trained.held_out.rows, young.rows.matrix]),
        np.concatenate([trained.held_out.labels, young.rows.labels]),
    )
    mixed = replace(trained, held_out=both)
    assert not decide(mixed, loaded(young), "if-better").promote
    known = LabelledRows.unlabelled_by_people(
        young.rows.matrix, young.rows.labels, np.full(len(young.rows.labels), HELD_OUT + 2)
    )
    assert decide(mixed, loaded(young), "if-better", known).promote
