"""A worker that dies at any moment: the current model serves on, no half model is listed, the next job succeeds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client

from functions.train.run_job import run_job
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.registry import S3ModelRegistry
from menagerie.classifier import OnnxClassifier
from menagerie.job import Job, JobStatus, Source, Stage, TrainingRequest
from menagerie.job_store import LOST
from tests.integration.conftest import BUCKET, JOBS
from tests.model.worlds import as_received, official
from training.pipeline import TrainedModel, train
from training.publishing import publish
from training.rows.validation import Origin

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMIT = timedelta(minutes=15)
REQUEST = TrainingRequest(promote="always")


class Killed(BaseException):
    """What a test throws where a process would simply be gone."""


class Dying:
    """A boto3 client whose process dies before, or just after, its nth call of one operation."""

    def __init__(self, client: Any, operation: str, at: int, *, after: bool) -> None:
        self._client = client
        self._operation = operation
        self._left = at
        self._after = after
        self.dead = False

    def __getattr__(self, name: str) -> Any:
        call: Callable[..., Any] = getattr(self._client, name)

        def send(**arguments: Any) -> Any:
            if self.dead:
                raise Killed
            if name != self._operation:
                return call(**arguments)
            self._left -= 1
            self.dead = self._left == 0
            if self.dead and self._after:
                call(**arguments)
            if self.dead:
                raise Killed
            return call(**arguments)

        return send if name in ("update_item", "put_object", "get_object", "get_item", "put_events") else call


class Clock:
    """Time that passes when a test says so."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@cache
def trained(seed: int) -> tuple[TrainedModel, tuple[tuple[Stage, float], ...]]:
    """Train once for all moments; return the model with what was reported on the way."""
    told: list[tuple[Stage, float]] = []
    rows, at = as_received(official(500, seed)[0]), NOON + timedelta(hours=seed)
    model = train(
        rows,
        source=Origin("data-service", seed=seed),
        created_at=at,
        report=lambda stage, progress: told.append((stage, progress)),
    )
    return model, tuple(told)


def trainer(seed: int) -> Callable[..., TrainedModel]:
    def train_again(_: Source, *, parent: str | None, report: Callable[[Stage, float], None]) -> TrainedModel:
        model, told = trained(seed)
        for stage, progress in ((Stage.FETCHING, 0.0), *told):
            report(stage, progress)
        return replace(model, manifest=model.manifest.model_copy(update={"parent": parent}))

    return train_again


def run(jobs: DynamoDBJobStore, registry: S3ModelRegistry, seed: int, clock: Clock) -> Job:
    job_id = jobs.create(REQUEST).job_id
    return run_job(job_id, jobs=jobs, registry=registry, train=trainer(seed), publish=publish, deadline=clock() + LIMIT)


# Of the jobs table: one update starts a job, seven tell its stages, one ends it. Of the bucket: model, rows, manifest,
# pointer.
MOMENTS = [
    *[("jobs", "update_item", at) for at in range(2, 10)],
    *[("bucket", "put_object", at) for at in range(1, 5)],
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "operation", "at"), MOMENTS)
def test_wherever_the_worker_dies_nothing_needs_cleaning(
    s3: S3Client, dynamodb: DynamoDBClient, where: str, operation: str, at: int, after: bool
) -> None:
    clock = Clock()
    jobs = DynamoDBJobStore(dynamodb, JOBS, patience=LIMIT, now=clock)
    registry = S3ModelRegistry(s3, BUCKET)
    first = publish(trained(1)[0], registry, "always").manifest

    table: Any = Dying(dynamodb, operation, at, after=after) if where == "jobs" else dynamodb
    bucket: Any = Dying(s3, operation, at, after=after) if where == "bucket" else s3
    process = [each for each in (table, bucket) if isinstance(each, Dying)]
    clock.now += timedelta(minutes=1)
    doomed_jobs = DynamoDBJobStore(table, JOBS, patience=LIMIT, now=clock)
    with pytest.raises(Killed):
        run_doomed(doomed_jobs, S3ModelRegistry(bucket, BUCKET), process[0], clock)

    clock.now += LIMIT
    (lost,) = jobs.recent(2)
    ended = where == "jobs" and at == 9 and after
    assert (lost.status, lost.error) == ((JobStatus.SUCCEEDED, None) if ended else (JobStatus.FAILED, LOST))

    seen = S3ModelRegistry(s3, BUCKET)
    for manifest in seen.manifests():
        OnnxClassifier.load(seen.model(manifest.version), manifest)
        assert seen.rows(manifest.version)
    pointer = seen.current()
    assert pointer is not None
    promoted = (where == "jobs" and at == 9) or (where == "bucket" and at == 4 and after)
    assert (pointer.version == first.version) is not promoted

    again = run(jobs, S3ModelRegistry(s3, BUCKET), 2, clock)
    assert again.status is JobStatus.SUCCEEDED
    pointer = S3ModelRegistry(s3, BUCKET).current()
    assert pointer is not None
    assert pointer.version == again.model_version


def run_doomed(jobs: DynamoDBJobStore, registry: S3ModelRegistry, process: Dying, clock: Clock) -> None:
    """Run a job in a process that dies; once it is dead, not even its last words get out."""

    class LastWords(DynamoDBJobStore):
        def fail(self, job_id: str, error: str) -> Job:
            if process.dead:
                raise Killed
            return super().fail(job_id, error)

    speaking = LastWords(jobs._client, JOBS, patience=LIMIT, now=clock)
    run(speaking, registry, 2, clock)
