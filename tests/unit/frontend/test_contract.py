"""The dashboard reads what the API writes: the very models of the API, through JSON and back."""

import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from frontend.api.contract import (
    MAX_HEIGHT_M,
    MAX_LEGS,
    MAX_WEIGHT_KG,
    Animal,
    parse_answer,
    parse_health,
    parse_page,
    parse_rows,
)
from frontend.api.job_contract import MAX_DATAPOINTS, MAX_SEED, PROMOTION_RULES, SOURCES, parse_jobs
from frontend.api.job_contract import Job as DashboardJob
from frontend.api.job_contract import TrainingRequest as JobRequest
from frontend.api.metrics_contract import API, FUNCTIONS, parse_metrics
from frontend.api.model_contract import parse_model, parse_models
from frontend.species import EXAMPLES, SPECIES
from frontend.wording import describe_stage
from functions.predict.read_metrics import read_metrics
from menagerie import animal as api_animal
from menagerie import job as api_job
from menagerie.api import CloudMetrics, Health, Jobs, Models, PredictRequest, PredictResponse, TrainingRows
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.manifest import CalibrationBin, ModelManifest, ZoologyCheck
from menagerie.prediction import Feedback, Prediction, PredictionPage
from menagerie.service_metrics import MetricWindow
from tests.fakes import InMemoryMetrics
from tests.samples import DOG, manifest_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SHARES = dict.fromkeys(api_animal.CLASSES, 0.2)


def stored(feedback: Feedback | None) -> Prediction:
    return Prediction(
        id="01KG9YS7G0D4HAWTBSEDNRP5HY-0",
        created_at=NOON,
        animal=DOG,
        species=api_animal.Species.DOG,
        confidence=0.2,
        probabilities=SHARES,
        prediction_set=[api_animal.Species.DOG, api_animal.Species.UNKNOWN],
        model_version="v",
        feedback=feedback,
    )


@pytest.mark.parametrize("truth", [None, api_animal.Species.KANGAROO])
def test_a_stored_prediction_arrives_whole(truth: api_animal.Species | None) -> None:
    given = Feedback(species=truth, given_at=NOON) if truth else None
    page = parse_page(json.loads(PredictionPage(items=[stored(given)], next_cursor="c").model_dump_json()))
    (prediction,) = page.items
    assert page.next_cursor == "c"
    assert prediction.created_at == NOON
    assert prediction.animal == Animal(4, 0.5, 25.0, has_wings=False, has_tail=True)
    assert prediction.prediction_set == ["dog", "unknown"]
    assert prediction.probabilities == {str(name): 0.2 for name in api_animal.CLASSES}
    assert prediction.feedback == truth


def test_an_answer_arrives_whole() -> None:
    item = stored(None).model_dump(include={"id", "species", "confidence", "probabilities", "prediction_set"})
    answer = PredictResponse.model_validate(
        {"request_id": "r", "model_version": "v", "created_at": NOON, "predictions": [item]}
    )
    (prediction,) = parse_answer(json.loads(answer.model_dump_json()), [EXAMPLES["dog"]])
    assert prediction.animal == EXAMPLES["dog"]
    assert (prediction.created_at, prediction.model_version) == (NOON, "v")


def test_health_and_a_manifest_arrive_whole() -> None:
    assert parse_health(json.loads(Health(model_version="v").model_dump_json())).model_version == "v"
    manifest = manifest_of(b"model")
    model = parse_model(json.loads(manifest.model_dump_json()))
    assert model.version == manifest.version
    assert model.target_coverage == manifest.thresholds.target_coverage
    assert (model.accuracy, model.held_out_rows) == (manifest.metrics.accuracy, manifest.metrics.rows)
    assert model.training_rows == manifest.training.rows
    assert model.confusion_matrix == tuple(map(tuple, manifest.metrics.confusion_matrix))
    assert model.classes == tuple(map(str, manifest.classes))
    assert (model.log_loss, model.coverage) == (manifest.metrics.log_loss, manifest.metrics.coverage)
    assert model.recall == {str(name): scores.recall for name, scores in manifest.metrics.per_class.items()}
    assert (model.training.kind, model.training.seed) == (manifest.training.kind, manifest.training.seed)


def test_calibration_arrives_where_a_manifest_has_it() -> None:
    manifest = json.loads(manifest_of(b"model").model_dump_json())
    bins = [CalibrationBin(lower=0.9, upper=1.0, rows=40, confidence=0.97, accuracy=0.95).model_dump()]
    manifest["metrics"] |= {"expected_calibration_error": 0.02, "calibration": bins}
    ModelManifest.model_validate_json(json.dumps(manifest))
    model = parse_model(manifest)
    assert model.calibration_error == 0.02
    assert [(each.rows, each.confidence, each.accuracy) for each in model.calibration] == [(40, 0.97, 0.95)]


def test_zoology_and_the_later_figures_arrive_where_a_manifest_has_them() -> None:
    manifest = json.loads(manifest_of(b"model").model_dump_json())
    check = ZoologyCheck(statement="the chicken is winged", holds=False, seen="0 of 48 rows are")
    manifest["metrics"] |= {"brier_score": 0.002, "threshold_reached": 0.93}
    manifest |= {"zoology": [check.model_dump()]}
    ModelManifest.model_validate_json(json.dumps(manifest))
    model = parse_model(manifest)
    assert (model.brier_score, model.threshold_reached) == (0.002, 0.93)
    assert [(each.statement, each.holds, each.seen) for each in model.zoology] == [tuple(check.model_dump().values())]


def test_metrics_arrive_whole() -> None:
    window = MetricWindow(NOON, NOON + timedelta(hours=1), 60)
    fake = InMemoryMetrics()
    fake.record("api", "Count", NOON, 1, 1)
    fake.record("train", "Duration", NOON, 7000.0)
    document = CloudMetrics.model_validate_json(read_metrics(window, fake)).model_dump_json(by_alias=True)
    metrics = parse_metrics(json.loads(document))
    assert (metrics.start, metrics.end, metrics.period_s) == (window.start, window.end, 60)
    assert metrics.total("api", "Count") == 2
    assert metrics.of("train", "Duration", "p95") == ((NOON, 7000),)
    assert {each.source for each in metrics.series} == {*FUNCTIONS, API}


def test_rows_of_training_arrive_whole() -> None:
    rows = parse_rows(json.loads(TrainingRows(version="v", total=9, items=[DOG]).model_dump_json()))
    assert (rows.version, rows.total) == ("v", 9)
    assert rows.animals == [Animal(4, 0.5, 25.0, has_wings=False, has_tail=True)]


def test_the_list_of_models_arrives_whole() -> None:
    manifest = manifest_of(b"model")
    models = parse_models(json.loads(Models(current=manifest.version, items=[manifest]).model_dump_json()))
    assert models.named(models.current) == parse_model(json.loads(manifest.model_dump_json()))
    assert parse_models({"current": None, "items": []}).named(None) is None


@pytest.mark.parametrize("kind", SOURCES)
def test_a_job_arrives_whole_from_any_source(kind: str) -> None:
    job = Job(
        job_id="j",
        status=JobStatus.SUCCEEDED,
        request=TrainingRequest.model_validate(JobRequest(kind, "never", key="datasets/zoo.csv").to_json()),
        stage=Stage.PUBLISHING,
        progress=1.0,
        model_version="v",
        metrics=manifest_of(b"model").metrics,
        promoted=False,
        reason="not promoted: because",
        created_at=NOON,
        finished_at=NOON,
        deadline=NOON,
    )
    (arrived,) = parse_jobs(json.loads(Jobs(items=[job]).model_dump_json()))
    assert (arrived.status, arrived.stage, arrived.progress, arrived.ended) == ("succeeded", "publishing", 1.0, True)
    assert (arrived.source_kind, arrived.promote, arrived.accuracy) == (kind, "never", 0.98)
    assert (arrived.reason, arrived.error, arrived.finished_at) == ("not promoted: because", None, NOON)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_of_a_training_has_words_of_its_own(stage: Stage) -> None:
    job = DashboardJob("j", "running", "feedback", "never", NOON, stage=str(stage))
    assert not describe_stage(job).lower().startswith(f"{stage} …")


def test_a_training_is_asked_for_within_what_the_api_takes() -> None:
    assert MAX_DATAPOINTS == api_job.MAX_DATAPOINTS
    assert MAX_SEED <= api_job.MAX_SEED
    assert set(PROMOTION_RULES) == set(get_args(api_job.PromotionRule))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_an_animal_to_the_api(name: str) -> None:
    body = json.dumps({"animals": [EXAMPLES[name].to_json()]})
    assert len(PredictRequest.model_validate_json(body).animals) == 1


def test_the_form_goes_as_far_as_the_api_does() -> None:
    limits = tuple(
        feature.maximum for feature in api_animal.FEATURE_DETAILS if feature.kind is not api_animal.Kind.FLAG
    )
    assert limits == (MAX_LEGS, MAX_HEIGHT_M, MAX_WEIGHT_KG)


def test_every_species_of_the_api_can_be_shown_and_tried() -> None:
    assert list(SPECIES) == [str(name) for name in api_animal.CLASSES]
    assert list(EXAMPLES) == list(SPECIES)
