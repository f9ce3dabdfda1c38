"""What is drawn and listed of models, and how a training is told."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from frontend.api.job_contract import Job
from frontend.api.model_contract import CalibrationBin, Model, Training
from frontend.charts.models import METRICS, calibration_chart, confusion_chart, metric_over_time_chart
from frontend.tables.models import comparison_frame, describe_training, job_frame, model_frame
from frontend.wording import describe_job, describe_stage

MODEL = Model(
    version="20260131T120000Z-0a1b2c3d",
    created_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    target_coverage=0.95,
    accuracy=0.9,
    held_out_rows=100,
    training=Training("data-service", 1000, seed=7),
    log_loss=0.02,
    classes=("dog", "unknown"),
    confusion_matrix=((8, 2), (0, 0)),
)
BETTER = replace(MODEL, version="20260201T120000Z-22222222", accuracy=0.95, log_loss=None)
JOB = Job("j", "running", "data-service", "never", MODEL.created_at, stage="fitting", progress=0.4)


def test_models_are_listed_with_the_current_one_marked() -> None:
    frame = model_frame([BETTER, MODEL], MODEL.version)
    assert list(frame["current"]) == ["", "● current"]
    assert list(frame["accuracy"]) == [0.95, 0.9]


def test_a_metric_over_time_leaves_models_out_that_do_not_have_it() -> None:
    by_title = {metric.title: metric for metric in METRICS}
    spec = metric_over_time_chart([BETTER, MODEL], by_title["Log loss"], MODEL.version, "Europe/Madrid").to_dict()
    (rows,) = spec["datasets"].values()
    assert [row["value"] for row in rows] == [0.02]
    assert rows[0]["made"].startswith("2026-01-31T13:00")
    assert rows[0]["state"] == "current"


def test_a_confusion_matrix_tells_right_from_wrong_and_survives_an_empty_class() -> None:
    (rows,) = confusion_chart(MODEL).to_dict()["datasets"].values()
    told = {(row["label"], row["answer"]): (row["rows"], row["share"], row["kind"]) for row in rows}
    assert told["Dog", "Dog"] == (8, 0.8, "right")
    assert told["Dog", "Unknown"] == (2, 0.2, "wrong")
    assert told["Unknown", "Unknown"] == (0, 0.0, "none")


def test_calibration_is_drawn_against_the_line_on_which_confidence_is_right() -> None:
    spec = calibration_chart(replace(MODEL, calibration=(CalibrationBin(40, 0.97, 0.95),))).to_dict()
    drawn = [row for rows in spec["datasets"].values() for row in rows]
    assert {"confidence": 0.97, "accuracy": 0.95, "rows": 40} in drawn
    assert {"confidence": 1, "accuracy": 1} in drawn


def test_a_comparison_gives_the_difference_where_both_are_known() -> None:
    frame = comparison_frame(BETTER, MODEL).set_index("metric")
    assert list(frame.loc["Accuracy", ["model", "other", "difference"]]) == ["95.00%", "90.00%", "+5.00%"]
    assert list(frame.loc["Log loss", ["model", "other", "difference"]]) == ["not known", "2.00e-02", ""]


@pytest.mark.parametrize(
    ("training", "said"),
    [
        (Training("data-service", 1, seed=0), "data service, 1 row, seed 0"),
        (Training("dataset", 20, key="datasets/zoo.csv"), "datasets/zoo.csv, 20 rows"),
        (Training("feedback", 5), "feedback, 5 rows"),
    ],
)
def test_where_the_rows_came_from_is_said_in_a_few_words(training: Training, said: str) -> None:
    assert describe_training(training).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_training_is_told_by_its_stage_and_its_end() -> None:
    assert describe_stage(JOB).replace("\N{NO-BREAK SPACE}", " ") == "Fitting the classifier … 40 %"
    assert describe_stage(replace(JOB, stage="dreaming")).startswith("Dreaming …")
    assert describe_stage(replace(JOB, stage=None)).startswith("Waiting for a worker")
    done = replace(JOB, status="succeeded", model_version=MODEL.version, reason="promoted: better", promoted=True)
    assert describe_job(done) == ("Trained, and the model of 31 Jan 2026, 12:00 UTC is current now", "better")
    assert describe_job(replace(done, promoted=False))[0].endswith("was not promoted")
    assert describe_job(replace(JOB, status="failed", error="no rows")) == ("The training failed", "no rows")


def test_trainings_are_listed_with_what_came_of_them() -> None:
    frame = job_frame([replace(JOB, status="failed", error="no rows"), JOB])
    assert list(frame["outcome"]) == ["no rows", ""]
