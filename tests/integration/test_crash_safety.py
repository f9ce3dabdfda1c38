"""A worker may die at any call: the current model stays, no partial model is listed, and the next job succeeds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client
from typing_extensions import override

from functions.train.run_job import run_job
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.registry import S3ModelRegistry
from menagerie.classifier import OnnxClassifier
from menagerie.job import Job, JobStatus, Source, Stage, TrainingRequest
from menagerie.ports.jobs import LOST
from tests.fakes import ManualClock
from tests.integration.conftest import BUCKET, JOBS
from tests.model.worlds import as_received, official
from tests.samples import NOON
from training.pipeline import TrainedModel, train
from training.publishing import publish
from training.rows import Origin

LIMIT = timedelta(minutes=15)
REQUEST = TrainingRequest(promote="always")


class Killed(BaseException):
    """Raised where the process would end."""


class Dying:
    """A client whose process dies before, or directly after, its nth call of one operation."""

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


class JobStoreOf(DynamoDBJobStore):
    """The job store of a process: once that is dead, it does not even store that the job failed."""

    def __init__(self, process: Dying, table: Any, clock: ManualClock) -> None:
        super().__init__(table, JOBS, patience=LIMIT, now=clock)
        self.process = process

    @override
    def fail(self, job_id: str, error: str) -> Job:
        if self.process.dead:
            raise Killed
        return super().fail(job_id, error)


@cache
def trained(seed: int) -> tuple[TrainedModel, tuple[tuple[Stage, float], ...]]:
    """Train once for all tests; return the model and the reported progress."""
    reported: list[tuple[Stage, float]] = []
    rows, at = as_received(official(500, seed)[0]), NOON + timedelta(hours=seed)
    model = train(
        rows,
        source=Origin("data-service", seed=seed),
        created_at=at,
        report=lambda stage, progress: reported.append((stage, progress)),
    )
    return model, tuple(reported)


def trainer(seed: int) -> Callable[..., TrainedModel]:
    def train_again(_: Source, *, parent: str | None, report: Callable[[Stage, float], None]) -> TrainedModel:
        model, reported = trained(seed)
        for stage, progress in ((Stage.FETCHING, 0.0), *reported):
            report(stage, progress)
        return replace(model, manifest=model.manifest.model_copy(update={"parent": parent}))

    return train_again


def run(jobs: DynamoDBJobStore, registry: S3ModelRegistry, seed: int, clock: ManualClock) -> Job:
    job_id = jobs.create(REQUEST).job_id
    return run_job(job_id, jobs=jobs, registry=registry, train=trainer(seed), publish=publish, deadline=clock() + LIMIT)


# Updates of a job: one starts it, seven report its stages, one ends it. Writes to S3: model, rows, manifest, pointer.
CALLS = [
    *[("jobs", "update_item", at) for at in range(2, 10)],
    *[("bucket", "put_object", at) for at in range(1, 5)],
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "operation", "at"), CALLS)
def test_wherever_a_worker_dies_nothing_must_be_repaired(
    s3: S3Client, dynamodb: DynamoDBClient, where: str, operation: str, at: int, after: bool
) -> None:
    clock = ManualClock(NOON)
    jobs = DynamoDBJobStore(dynamodb, JOBS, patience=LIMIT, now=clock)
    registry = S3ModelRegistry(s3, BUCKET)
    first = publish(trained(1)[0], registry, "always").manifest

    table: Any = Dying(dynamodb, operation, at, after=after) if where == "jobs" else dynamodb
    bucket: Any = Dying(s3, operation, at, after=after) if where == "bucket" else s3
    (process,) = (each for each in (table, bucket) if isinstance(each, Dying))
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Killed):
        run(JobStoreOf(process, table, clock), S3ModelRegistry(bucket, BUCKET), 2, clock)

    clock.advance(LIMIT)
    (lost,) = jobs.recent(2)
    ended = where == "jobs" and at == 9 and after
    assert (lost.status, lost.error) == ((JobStatus.SUCCEEDED, None) if ended else (JobStatus.FAILED, LOST))

    registry = S3ModelRegistry(s3, BUCKET)
    for manifest in registry.manifests():
        OnnxClassifier.load(registry.model(manifest.version), manifest)
        assert registry.rows(manifest.version)
    pointer = registry.current()
    assert pointer is not None
    promoted = (where == "jobs" and at == 9) or (where == "bucket" and at == 4 and after)
    assert (pointer.version == first.version) is not promoted

    again = run(jobs, S3ModelRegistry(s3, BUCKET), 2, clock)
    assert again.status is JobStatus.SUCCEEDED
    pointer = S3ModelRegistry(s3, BUCKET).current()
    assert pointer is not None
    assert pointer.version == again.model_version
