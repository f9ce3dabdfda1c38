"""Manifests are stored for years: what was written before still reads."""

from pydantic import BaseModel

from menagerie.manifest import ClassMetrics, Metrics, ModelManifest, TrainingSource
from tests.samples import published_model

# Written by training since; a manifest without them is still one.
ADDED: dict[type[BaseModel], set[str]] = {
    Metrics: {
        "threshold_reached",
        "share_unknown",
        "brier_score",
        "expected_calibration_error",
        "calibration",
        "definitions",
    },
    ClassMetrics: {"coverage", "threshold_reached"},
    TrainingSource: {"share_refused", "feedback_rows", "rows_file", "rows_sha256"},
    ModelManifest: {"zoology"},
}


def test_a_manifest_from_before_there_were_these_figures_still_reads() -> None:
    manifest, _ = published_model()
    stored = manifest.model_dump(
        mode="json",
        exclude={
            "zoology": True,
            "metrics": dict.fromkeys(ADDED[Metrics], True) | {"per_class": {"__all__": ADDED[ClassMetrics]}},
            "training": ADDED[TrainingSource],
        },
    )
    assert "brier_score" not in stored["metrics"]
    read = ModelManifest.model_validate(stored)
    assert read.metrics.accuracy == manifest.metrics.accuracy
    assert (read.metrics.brier_score, read.metrics.calibration, read.zoology) == (None, (), ())
    assert read.training.share_refused is None


def test_what_was_added_has_defaults() -> None:
    required = {
        f"{part.__name__}.{name}"
        for part, names in ADDED.items()
        for name in names
        if part.model_fields[name].is_required()
    }
    assert not required
