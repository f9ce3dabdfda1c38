"""Charts and tables of models, and descriptions of trainings."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from frontend.charts.models import METRICS, calibration_chart, confusion_chart, metric_over_time_chart
from frontend.tables.models import comparison_frame, describe_training, job_frame, model_frame
from frontend.wording import describe_job, describe_stage
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.manifest import CalibrationBin, ModelManifest, TrainingSource
from tests.samples import NOON, manifest_of

BIN = CalibrationBin(lower=0.9, upper=1.0, rows=40, confidence=0.97, accuracy=0.95)
ROWS = [[8 if i == j else 2 * (i == 3 and j == 4) for j in range(5)] for i in range(4)] + [[0] * 5]


def model(created_at: datetime = NOON, **metrics: Any) -> ModelManifest:
    """Return a model with some metrics of its own."""
    manifest = manifest_of(b"model", created_at)
    changed = manifest.metrics.model_copy(update={"confusion_matrix": ROWS, "accuracy": 0.9, **metrics})
    return manifest.model_copy(update={"metrics": changed})


MODEL = model()
BETTER = model(NOON + timedelta(days=1), accuracy=0.95, brier_score=0.01)
JOB = Job(
    job_id="j",
    status=JobStatus.RUNNING,
    request=TrainingRequest(),
    created_at=NOON,
    deadline=NOON,
    stage=Stage.FITTING,
    progress=0.4,
)


def changed(**changes: Any) -> Job:
    """Return the job with some fields changed."""
    return JOB.model_copy(update=changes)


def trained_from(rows: int, **source: Any) -> TrainingSource:
    return TrainingSource.model_validate({"rows": rows, "rows_by_label": {}, **source})


def test_models_are_listed_with_the_current_one_marked() -> None:
    frame = model_frame([BETTER, MODEL], MODEL.version)
    assert list(frame["current"]) == ["", "● current"]
    assert list(frame["accuracy"]) == [0.95, 0.9]


def test_a_metric_over_time_leaves_out_models_without_it() -> None:
    by_title = {metric.title: metric for metric in METRICS}
    spec = metric_over_time_chart([BETTER, MODEL], by_title["Brier score"], BETTER.version, "Europe/Madrid").to_dict()
    (rows,) = spec["datasets"].values()
    assert [row["value"] for row in rows] == [0.01]
    assert rows[0]["made"].startswith("2026-02-01T13:00")
    assert rows[0]["state"] == "current"


def test_a_confusion_matrix_marks_correct_and_wrong_also_with_an_empty_class() -> None:
    (rows,) = confusion_chart(MODEL).to_dict()["datasets"].values()
    cells = {(row["label"], row["answer"]): (row["rows"], row["share"], row["kind"]) for row in rows}
    assert cells["Dog", "Dog"] == (8, 0.8, "correct")
    assert cells["Dog", "Unknown"] == (2, 0.2, "wrong")
    assert cells["Unknown", "Unknown"] == (0, 0.0, "none")


def test_calibration_is_drawn_with_the_line_where_confidence_equals_accuracy() -> None:
    spec = calibration_chart(model(calibration=(BIN,))).to_dict()
    drawn = [row for rows in spec["datasets"].values() for row in rows]
    assert {"confidence": 0.97, "accuracy": 0.95, "rows": 40} in drawn
    assert {"confidence": 1, "accuracy": 1} in drawn


def test_a_comparison_has_a_difference_where_both_values_are_known() -> None:
    frame = comparison_frame(BETTER, MODEL).set_index("metric")
    assert list(frame.loc["Accuracy", ["model", "other", "difference"]]) == ["95.00%", "90.00%", "+5.00%"]
    assert list(frame.loc["Brier score", ["model", "other", "difference"]]) == ["1.00e-2", "not known", ""]


@pytest.mark.parametrize(
    ("training", "said"),
    [
        (trained_from(1, kind="data-service", seed=0), "data service, 1 row, seed 0"),
        (trained_from(20, kind="dataset", key="datasets/zoo.csv"), "datasets/zoo.csv, 20 rows"),
        (trained_from(5, kind="feedback"), "feedback, 5 rows"),
    ],
)
def test_the_source_of_a_models_rows_is_described_in_a_few_words(training: TrainingSource, said: str) -> None:
    assert describe_training(training).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_training_is_described_by_its_stage_and_its_result() -> None:
    assert describe_stage(JOB).replace("\N{NO-BREAK SPACE}", " ") == "Fitting the classifier … 40%"
    assert describe_stage(changed(stage=None)).startswith("Waiting for a worker")
    done = changed(status=JobStatus.SUCCEEDED, model_version=MODEL.version, reason="promoted: better", promoted=True)
    assert describe_job(done) == (
        "Training succeeded: the model of 31 Jan 2026, 12:00 UTC is now the current one",
        "better",
    )
    assert describe_job(done.model_copy(update={"promoted": False}))[0].endswith("was not promoted")
    assert describe_job(changed(status=JobStatus.FAILED, error="no rows")) == ("The training failed", "no rows")


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_of_a_training_has_a_description(stage: Stage) -> None:
    assert not describe_stage(changed(stage=stage)).lower().startswith(f"{stage} …")


def test_trainings_are_listed_with_their_results() -> None:
    frame = job_frame([changed(status=JobStatus.FAILED, error="no rows"), JOB])
    assert list(frame["outcome"]) == ["no rows", ""]
