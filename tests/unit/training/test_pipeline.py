"""Training from end to end."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from menagerie.animal import CLASSES, Species
from menagerie.classifier import OnnxClassifier, in_prediction_set
from menagerie.errors import InvalidInput, TrainingFailed
from menagerie.job import Stage
from tests.model.worlds import as_received, official
from training.pipeline import TrainedModel, train
from training.rows import Origin, validate

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROWS = official(1000, 42)[0]
DATASET = Origin("dataset", key="animals.csv")


def test_the_model_classifies_fresh_rows(trained: TrainedModel) -> None:
    fresh, truth = official(2000, 1)
    answers = OnnxClassifier.load(trained.onnx, trained.manifest).classify(fresh)
    right = [CLASSES.index(species) == true for species, true in zip(answers.species, truth.tolist(), strict=True)]
    assert sum(right) >= 1998


def test_the_manifest_contains_the_provenance(trained: TrainedModel) -> None:
    manifest = trained.manifest
    assert manifest.version.startswith("20260131T120000Z-")
    assert (manifest.training.kind, manifest.training.seed, manifest.training.rows) == ("data-service", 42, 1000)
    assert sum(manifest.training.rows_by_label.values()) == 1000
    assert manifest.training.rows_by_label[Species.UNKNOWN] == 36
    assert {"python", "numpy", "scikit-learn", "skl2onnx", "onnx", "onnxruntime"} == set(manifest.libraries)
    assert manifest.size == len(trained.onnx)
    assert manifest.algorithm.startswith("FlatTopNaiveBayes(")


def test_the_metrics_are_of_a_fifth_of_the_rows(trained: TrainedModel) -> None:
    metrics = trained.manifest.metrics
    assert metrics.rows == len(trained.held_out.labels) == len(trained.held_out.rows) == pytest.approx(200, abs=5)
    assert metrics.accuracy > 0.99
    assert metrics.onnx_rows_compared > 10_000


def test_each_class_has_two_canary_rows(trained: TrainedModel) -> None:
    answered = [max(c.probabilities, key=c.probabilities.__getitem__) for c in trained.manifest.canaries]
    assert [answered.count(species) for species in CLASSES] == [2] * 5
    assert all(abs(sum(c.probabilities.values()) - 1) < 1e-5 for c in trained.manifest.canaries)


def test_prediction_sets_are_those_of_the_coverage_metric(trained: TrainedModel) -> None:
    classifier = OnnxClassifier.load(trained.onnx, trained.manifest)
    rows = np.concatenate([ROWS, ROWS * np.array([1, 1.3, 1.3, 1, 1], dtype=np.float32)])
    sets = [set(each) for each in classifier.classify(rows).prediction_sets]
    inside = in_prediction_set(classifier.probabilities(rows), trained.manifest.thresholds)
    assert sets == [{c for c, there in zip(CLASSES, row, strict=True) if there} for row in inside.tolist()]


def test_the_same_rows_and_seed_give_the_same_model(trained: TrainedModel) -> None:
    again = train(as_received(ROWS.copy()), source=Origin("data-service", seed=42), created_at=NOON)
    assert again.onnx == trained.onnx
    assert again.manifest == trained.manifest


@given(order=st.permutations(range(60)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_rows_does_not_matter(trained: TrainedModel, order: list[int]) -> None:
    blocks = np.array_split(ROWS, 60)
    shuffled = train(
        as_received(np.concatenate([blocks[i] for i in order])),
        source=Origin("data-service", seed=42),
        created_at=NOON,
    )
    assert shuffled.onnx == trained.onnx
    assert shuffled.manifest == trained.manifest


def test_the_held_out_rows_depend_on_the_seed(trained: TrainedModel) -> None:
    other = train(as_received(ROWS), source=DATASET, random_seed=7, created_at=NOON)
    assert other.manifest.random_seed == 7
    assert not np.array_equal(other.held_out.rows, trained.held_out.rows)


def test_no_held_out_row_was_fitted_to_even_if_it_occurs_twice() -> None:
    doubled = train(as_received(np.concatenate([ROWS, ROWS])), source=DATASET, created_at=NOON)
    held_out = np.unique(doubled.held_out.rows, axis=0)
    assert len(doubled.held_out.rows) == 2 * len(held_out)


def test_progress_increases_through_the_stages_in_order() -> None:
    reported: list[tuple[Stage, float]] = []
    train(as_received(ROWS), source=DATASET, created_at=NOON, report=lambda stage, done: reported.append((stage, done)))
    stages = [stage for stage, _ in reported]
    assert stages == [s for s in Stage if s not in (Stage.FETCHING, Stage.PUBLISHING)]
    assert [done for _, done in reported] == sorted(done for _, done in reported)
    assert all(0 <= done < 1 for _, done in reported)


def test_a_version_is_in_utc() -> None:
    here = NOON.astimezone(timezone(timedelta(hours=5)))
    assert train(as_received(ROWS), source=DATASET, created_at=here).manifest.version.startswith("20260131T120000Z-")


def test_refused_rows_are_counted_in_the_manifest() -> None:
    rows = [
        {"walks_on_n_legs": int(a), "height": b, "weight": c, "has_wings": bool(d), "has_tail": bool(e)}
        for a, b, c, d, e in ROWS.tolist()
    ]
    made = train(validate([*rows, {}, {"height": 1}]), source=DATASET, parent="before", created_at=NOON)
    assert (made.manifest.training.rows, made.manifest.training.rows_refused) == (1002, 2)
    assert made.manifest.training.share_refused == 2 / 1002
    assert (made.manifest.training.key, made.manifest.parent) == ("animals.csv", "before")


def test_rows_without_a_valid_animal_are_invalid_input() -> None:
    with pytest.raises(
        InvalidInput, match=r"none of 2 rows is a valid animal; line 1: walks_on_n_legs: field required"
    ):
        train(validate([{}, {"height": 1}]), source=DATASET, created_at=NOON)
    with pytest.raises(InvalidInput, match=r"none of 0 rows is a valid animal$"):
        train(validate([]), source=DATASET, created_at=NOON)


def test_thirty_rows_are_too_few() -> None:
    with pytest.raises(TrainingFailed, match="the species cannot be told apart in 30 valid rows"):
        train(as_received(ROWS[:30]), source=DATASET, created_at=NOON)


def test_importing_the_pipeline_does_not_import_slow_libraries() -> None:
    slow = {"sklearn", "scipy", "skl2onnx", "onnx", "onnxruntime", "pandas", "matplotlib", "jinja2"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, training.pipeline, menagerie.animal_file, training.model_folder; print(*sys.modules)",
        ],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert not slow & set(done.stdout.split())
