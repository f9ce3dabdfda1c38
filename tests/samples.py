"""Animals, manifests, batches and ONNX models that tests share."""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from menagerie.animal import CLASSES, FEATURES, Animal, Species, feature_matrix
from menagerie.classifier import INPUT_NAME, OnnxSession
from menagerie.manifest import (
    Canary,
    ClassMetrics,
    ConformalThresholds,
    Metrics,
    ModelManifest,
    TrainingSource,
    model_version,
)
from menagerie.prediction import PredictionBatch
from menagerie.ulid import new_ulid, to_the_millisecond

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

KANGAROO = Animal(walks_on_n_legs=2, height=1.8, weight=65.0, has_wings=False, has_tail=True)
ELEPHANT = Animal(walks_on_n_legs=4, height=3.0, weight=4500.0, has_wings=False, has_tail=True)
CHICKEN = Animal(walks_on_n_legs=2, height=0.3, weight=2.0, has_wings=True, has_tail=True)
DOG = Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True)
GRIFFIN = Animal(walks_on_n_legs=5, height=9.0, weight=700.0, has_wings=True, has_tail=False)
ANIMALS = (KANGAROO, ELEPHANT, CHICKEN, DOG, GRIFFIN)


@cache
def onnx_model(random_state: int = 0) -> bytes:
    """Return the ONNX file of a small decision forest that is trained on `ANIMALS`."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.ensemble import RandomForestClassifier

    rows = np.repeat(feature_matrix(ANIMALS), 40, axis=0)
    noise = np.random.default_rng(random_state).normal(1, 0.05, rows.shape).astype(np.float32)
    noise[:, [0, 3, 4]] = 1
    labels = np.repeat(np.arange(len(CLASSES)), 40)
    forest = RandomForestClassifier(10, max_depth=6, random_state=random_state).fit(rows * noise, labels)
    inputs = [(INPUT_NAME, FloatTensorType([None, len(FEATURES)]))]
    graph = to_onnx(forest, initial_types=inputs, options={"zipmap": False}, target_opset=17)
    for name, value in {"classes": ",".join(CLASSES), "features": ",".join(FEATURES)}.items():
        entry = graph.metadata_props.add()
        entry.key, entry.value = name, value
    model: bytes = graph.SerializeToString()
    return model


def manifest_of(model: bytes, created_at: datetime = NOON, **changes: Any) -> ModelManifest:
    """Return a manifest of a model; its canary rows do not verify, see `published_model`."""
    sha256 = hashlib.sha256(model).hexdigest()
    share = 1 / len(CLASSES)
    fields: dict[str, Any] = {
        "version": model_version(created_at, sha256),
        "created_at": created_at,
        "sha256": sha256,
        "size": len(model),
        "algorithm": "RandomForestClassifier(10, max_depth=6)",
        "random_seed": 0,
        "thresholds": ConformalThresholds(target_coverage=0.95, minimum_probability=dict.fromkeys(CLASSES, 0.1)),
        "metrics": Metrics(
            rows=50,
            accuracy=0.98,
            log_loss=0.0125,
            coverage=0.96,
            mean_set_size=1.02,
            per_class={c: ClassMetrics(precision=1.0, recall=0.98, f1=0.99, support=10) for c in CLASSES},
            confusion_matrix=[[10 * (i == j) for j in range(5)] for i in range(5)],
            onnx_rows_compared=1000,
            onnx_max_difference=1.2e-07,
        ),
        "training": TrainingSource(
            kind="data-service",
            url="http://127.0.0.1:8777",
            seed=42,
            rows=200,
            rows_by_label=dict.fromkeys(CLASSES, 40),
        ),
        "libraries": {"scikit-learn": "1.9.0"},
        "canaries": (Canary(animal=DOG, probabilities=dict.fromkeys(CLASSES, share)),),
    }
    return ModelManifest.model_validate({**fields, **changes})


@cache
def published_model(random_state: int = 0) -> tuple[ModelManifest, bytes]:
    """Return a model that passes verification, with its manifest; each state gives another version."""
    model = onnx_model(random_state)
    manifest = manifest_of(model, NOON + timedelta(days=random_state))
    probabilities = OnnxSession(model).probabilities(feature_matrix(ANIMALS)).tolist()
    canaries = tuple(
        Canary(animal=animal, probabilities=dict(zip(CLASSES, row, strict=True)))
        for animal, row in zip(ANIMALS, probabilities, strict=True)
    )
    return manifest.model_copy(update={"canaries": canaries}), model


def batch_of(*species: Species, at: datetime = NOON, version: str = "20260131T120000Z-0a1b2c3d") -> PredictionBatch:
    """Return a batch of animals that are predicted as the given species, created at a moment."""
    samples = dict(zip(CLASSES, ANIMALS, strict=True))
    return PredictionBatch(
        request_id=new_ulid(at),
        created_at=to_the_millisecond(at),
        model_version=version,
        animals=[samples[each] for each in species],
        probabilities=[[0.96 if c is each else 0.01 for c in CLASSES] for each in species],
        prediction_sets=[[each.value] for each in species],
    )
