"""Publication of a trained model, and the decision whether it becomes current."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import numpy as np
import pytest

from menagerie.classifier import OnnxClassifier
from menagerie.errors import Conflict
from menagerie.job import PromotionRule
from menagerie.manifest import ModelManifest, Pointer
from tests.fakes import InMemoryRegistry
from tests.model.worlds import UNKNOWN, WORLDS, as_received, draw, official
from tests.unit.training.conftest import NOON
from training.pipeline import HeldOut, TrainedModel, train
from training.publishing import ACCURACY_MARGIN, decide, publish
from training.rows import HELD_OUT, LabelledRows, Origin


@pytest.fixture(scope="module")
def newer() -> TrainedModel:
    return train(as_received(official(1000, 43)[0]), source=Origin("dataset"), created_at=NOON.replace(hour=13))


def current_version(registry: InMemoryRegistry) -> str | None:
    pointer = registry.current()
    return pointer.version if pointer else None


def test_the_first_model_becomes_current_with_the_reason_in_its_manifest(trained: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publication = publish(trained, registry, "if-better")
    assert publication.promoted
    assert current_version(registry) == trained.manifest.version
    stored = registry.manifest(trained.manifest.version)
    assert stored == publication.manifest
    assert stored.reason == publication.reason != ""
    OnnxClassifier.load(registry.model(stored.version), stored)


def test_the_rows_are_stored_with_their_digest_in_the_manifest(trained: TrainedModel) -> None:
    registry = InMemoryRegistry()
    manifest = publish(trained, registry, "never").manifest
    rows = registry.rows(manifest.version)
    assert (manifest.training.rows_file, manifest.training.rows_sha256) == ("rows.csv.gz", sha256(rows).hexdigest())
    assert np.array_equal(LabelledRows.from_csv_gz(rows).matrix, trained.rows.matrix)


def test_an_equally_good_model_becomes_current(trained: TrainedModel, newer: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    publication = publish(newer, registry, "if-better")
    assert publication.promoted
    assert current_version(registry) == newer.manifest.version


def test_both_models_are_compared_on_rows_that_neither_was_fitted_to(trained: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    # More rows of the same seed: the first thousand are those of the current model.
    more = train(as_received(official(1500, 42)[0]), source=Origin("dataset"), created_at=NOON.replace(hour=14))
    learned = {row.tobytes() for row in trained.rows.matrix[trained.rows.folds != HELD_OUT]}
    fresh = sum(row.tobytes() not in learned for row in more.held_out.rows)
    assert 0 < fresh < len(more.held_out.rows)
    assert f"on {fresh} held-out rows that neither learned from" in publish(more, registry, "if-better").reason


def test_a_current_model_without_stored_rows_is_compared_on_all(trained: TrainedModel, newer: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    registry.training_rows.clear()
    count = len(newer.held_out.labels)
    assert f"on {count} held-out rows accuracy" in publish(newer, registry, "if-better").reason


def test_a_model_that_is_not_promoted_is_stored(trained: TrainedModel, newer: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    publication = publish(newer, registry, "never")
    assert not publication.promoted
    assert current_version(registry) == trained.manifest.version
    assert registry.manifest(newer.manifest.version).reason == "not promoted: the rule is never to promote"


def test_a_current_model_that_does_not_verify_counts_as_absent(trained: TrainedModel, newer: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    registry.models[trained.manifest.version] = (trained.manifest, b"something else")
    publication = publish(newer, registry, "if-better")
    assert publication.promoted
    assert "the current model counts as absent: model " in publication.reason
    assert "digest" in publication.reason


def test_an_unreadable_pointer_is_replaced(trained: TrainedModel, newer: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    registry.damage_pointer()
    publication = publish(newer, registry, "if-better")
    assert publication.promoted
    assert "the current model counts as absent: the pointer cannot be read" in publication.reason
    assert current_version(registry) == newer.manifest.version


def test_a_deleted_current_model_counts_as_absent(trained: TrainedModel, newer: TrainedModel) -> None:
    registry = InMemoryRegistry()
    publish(trained, registry, "always")
    registry.models.clear()
    publication = publish(newer, registry, "if-better")
    assert publication.promoted
    assert "counts as absent: there is no model" in publication.reason


def test_publishing_is_idempotent(trained: TrainedModel) -> None:
    registry = InMemoryRegistry()
    first = publish(trained, registry, "if-better")
    second = publish(trained, registry, "if-better")
    assert second.promoted
    assert second.manifest == first.manifest
    assert list(registry.models) == [trained.manifest.version]


def test_a_second_run_promotes_a_model_that_the_first_only_stored(trained: TrainedModel) -> None:
    registry = InMemoryRegistry()
    registry.publish(trained.manifest, trained.onnx)
    assert publish(trained, registry, "if-better").promoted
    assert current_version(registry) == trained.manifest.version


def test_another_model_with_the_same_version_is_unchanged(trained: TrainedModel) -> None:
    registry = InMemoryRegistry()
    other = trained.manifest.model_copy(update={"sha256": "0" * 64})
    registry.publish(other, trained.onnx)
    published = publish(trained, registry, "never").manifest
    assert published.sha256 == trained.manifest.sha256
    assert registry.manifests() == [published, other]


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(seconds=1), timedelta(0)])
def test_a_version_sorts_after_its_parent_even_if_the_clock_was_set_back(
    trained: TrainedModel, newer: TrainedModel, ahead: timedelta
) -> None:
    registry = InMemoryRegistry()
    at = newer.manifest.created_at + ahead
    parent = trained.manifest.model_copy(update={"created_at": at, "version": f"{at:%Y%m%dT%H%M%SZ}-ffffffff"})
    registry.publish(parent, trained.onnx)
    registry.promote(parent.version, expected=None)
    published = publish(newer, registry, "always").manifest
    assert registry.manifests() == [published, parent]
    assert published.created_at == newer.manifest.created_at
    assert current_version(registry) == published.version
    assert publish(newer, registry, "always").manifest == published
    assert [manifest.version for manifest in registry.manifests()] == [published.version, parent.version]


def test_a_pointer_that_changed_in_the_meantime_is_a_conflict(trained: TrainedModel, newer: TrainedModel) -> None:
    class Busy(InMemoryRegistry):
        def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
            super().publish(manifest, model, rows)
            self.pointer = Pointer(trained.manifest.version, NOON, "moved")

    registry = Busy()
    registry.models[trained.manifest.version] = (trained.manifest, trained.onnx)
    with pytest.raises(Conflict):
        publish(newer, registry, "always")
    assert registry.pointer == Pointer(trained.manifest.version, NOON, "moved")


def test_the_manifest_of_the_trained_model_is_not_changed(trained: TrainedModel) -> None:
    before = replace(trained)
    publish(trained, InMemoryRegistry(), "always")
    assert trained.manifest == before.manifest
    assert trained.manifest.reason is None


@pytest.fixture(scope="module")
def young() -> TrainedModel:
    """A model of younger animals."""
    return train(as_received(draw(WORLDS["young animals"], 1000, 0)[0]), source=Origin("dataset"), created_at=NOON)


def loaded(model: TrainedModel) -> OnnxClassifier:
    return OnnxClassifier.load(model.onnx, model.manifest)


def with_wrong_labels(model: TrainedModel, count: int, label: int) -> TrainedModel:
    """Return the model with some held-out labels changed, so that it has that many errors."""
    labels = model.held_out.labels.copy()
    labels[np.flatnonzero(labels == 0)[:count]] = label
    return replace(model, held_out=HeldOut(model.held_out.rows, labels))


@pytest.mark.parametrize("rule", ["if-better", "always"])
def test_the_first_model_is_promoted(trained: TrainedModel, rule: PromotionRule) -> None:
    decision = decide(trained, None, rule)
    assert decision.promote
    assert "there is no current model" in decision.reason


def test_the_rule_never_promotes_no_model(trained: TrainedModel) -> None:
    assert not decide(trained, None, "never").promote
    assert not decide(trained, loaded(trained), "never").promote


def test_an_equal_model_is_promoted(trained: TrainedModel) -> None:
    decision = decide(trained, loaded(trained), "if-better")
    assert decision.promote
    assert f"against 1.00000 of {trained.manifest.version}" in decision.reason
    assert str(ACCURACY_MARGIN) in decision.reason


def test_a_model_of_a_changed_world_is_promoted(trained: TrainedModel, young: TrainedModel) -> None:
    decision = decide(young, loaded(trained), "if-better")
    assert decision.promote
    assert decision.reason.startswith("promoted: on ")


def test_a_worse_model_is_not_promoted_unless_the_rule_is_always(trained: TrainedModel, young: TrainedModel) -> None:
    # The model of young animals, measured on rows of adults.
    misplaced = replace(young, held_out=trained.held_out)
    decision = decide(misplaced, loaded(trained), "if-better")
    assert not decision.promote
    assert decision.reason.startswith("not promoted: on ")
    assert "\n" not in decision.reason
    assert decide(misplaced, loaded(trained), "always").promote


def test_an_error_of_both_models_does_not_prevent_promotion(trained: TrainedModel) -> None:
    for label in (1, UNKNOWN):
        assert decide(with_wrong_labels(trained, 5, label), loaded(trained), "if-better").promote


def test_confusing_species_is_worse_than_unknown(trained: TrainedModel, young: TrainedModel) -> None:
    held_out = trained.held_out
    kangaroo = np.flatnonzero(held_out.labels == 0)[:1]
    # One row, labelled dog. The challenger answers kangaroo; for the model of young animals it is unknown.
    row = HeldOut(held_out.rows[kangaroo], np.array([3]))
    decision = decide(replace(trained, held_out=row), loaded(young), "if-better")
    assert not decision.promote
    assert "accuracy 0.00000 against 0.00000" in decision.reason
    assert "species confused 1 against 0" in decision.reason


def test_some_confusion_is_accepted_for_a_higher_accuracy(trained: TrainedModel, young: TrainedModel) -> None:
    mistaken = with_wrong_labels(trained, 1, 3).held_out
    kangaroos = trained.held_out.labels == 0
    measured = replace(trained, held_out=HeldOut(mistaken.rows[kangaroos], mistaken.labels[kangaroos]))
    decision = decide(measured, loaded(young), "if-better")
    assert decision.promote
    assert "species confused 1 against 0" in decision.reason


def test_rows_that_the_current_model_was_fitted_to_are_excluded(trained: TrainedModel) -> None:
    # As if the champion was fitted to half of the rows that are held out here.
    rows = trained.held_out.rows
    half = LabelledRows.without_feedback(
        rows, trained.held_out.labels, np.where(np.arange(len(rows)) % 2, HELD_OUT, HELD_OUT + 2)
    )
    decision = decide(trained, loaded(trained), "if-better", half)
    assert decision.reason.startswith(f"promoted: on {len(rows) // 2} held-out rows that neither learned from accuracy")


def test_a_champion_of_the_same_rows_is_compared_on_all_held_out_rows(trained: TrainedModel) -> None:
    decision = decide(trained, loaded(trained), "if-better", trained.rows)
    assert f"on {len(trained.held_out.labels)} held-out rows that neither learned from" in decision.reason


def test_with_too_few_fresh_rows_all_are_used_with_a_note_in_the_reason(trained: TrainedModel) -> None:
    count = len(trained.held_out.labels)
    everything = LabelledRows.without_feedback(
        trained.held_out.rows, trained.held_out.labels, np.full(count, HELD_OUT + 2)
    )
    decision = decide(trained, loaded(trained), "if-better", everything)
    assert f"on {count} held-out rows ({count} of which the current model learned from)" in decision.reason


def test_rows_that_the_champion_was_fitted_to_do_not_count_for_it(trained: TrainedModel, young: TrainedModel) -> None:
    """On all rows, the champion of young animals would be better than the model of adults."""
    both = HeldOut(
        np.concatenate([trained.held_out.rows, young.rows.matrix]),
        np.concatenate([trained.held_out.labels, young.rows.labels]),
    )
    mixed = replace(trained, held_out=both)
    assert not decide(mixed, loaded(young), "if-better").promote
    known = LabelledRows.without_feedback(
        young.rows.matrix, young.rows.labels, np.full(len(young.rows.labels), HELD_OUT + 2)
    )
    assert decide(mixed, loaded(young), "if-better", known).promote
