"""Manifests are stored for years, so those of earlier versions must stay readable."""

import pytest
from pydantic import BaseModel

from menagerie.manifest import ClassMetrics, Metrics, ModelManifest, TrainingSource, later_version
from tests.samples import NOON, published_model

# Fields that later versions of training added.
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


def test_a_version_contains_its_time_and_digest() -> None:
    assert later_version(NOON, "ab" * 32, []) == "20260131T120000Z-abababab"
    assert later_version(NOON, "ab" * 32, ["20260131T120000Z-00000000"]) == "20260131T120000Z-abababab"


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("20260202T120000Z-00000000", "20260202T120001Z-abababab"),
        ("20260131T235959Z-00000000", "20260201T000000Z-abababab"),
        ("20260131T120000Z-ffffffff", "20260131T120001Z-abababab"),
    ],
)
def test_a_version_sorts_behind_those_of_a_clock_that_was_ahead(last: str, expected: str) -> None:
    assert later_version(NOON, "ab" * 32, ["20250101T000000Z-00000000", last]) == expected


@pytest.mark.parametrize(
    "last", ["99999999T999999Z-00000000", "20260231T000000Z-00000000", "99991231T235959Z-00000000"]
)
def test_a_version_with_an_impossible_time_does_not_change_the_next_one(last: str) -> None:
    assert later_version(NOON, "ab" * 32, [last]) == "20260131T120000Z-abababab"


def test_a_manifest_without_the_added_fields_can_be_read() -> None:
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


def test_added_fields_have_defaults() -> None:
    required = {
        f"{part.__name__}.{name}"
        for part, names in ADDED.items()
        for name in names
        if part.model_fields[name].is_required()
    }
    assert not required
