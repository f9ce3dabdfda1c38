"""The training job ends in a finished state."""

from datetime import datetime, timedelta
from threading import Event
from typing import Any, cast

import pytest

from functions.train.run_job import UNEXPECTED, run_job
from menagerie.clock import utc_now
from menagerie.errors import Conflict, TrainingFailed, Unavailable
from menagerie.job import DataServiceSource, Job, JobStatus, PromotionRule, Source, Stage, TrainingRequest
from menagerie.ports.registry import ModelRegistry
from tests.fakes import InMemoryJobs, InMemoryRegistry
from tests.samples import published_model
from tests.unit.functions.conftest import CURRENT
from tests.waiting import LIMIT_SECONDS
from training.pipeline import ProgressCallback, TrainedModel
from training.publishing import Publication

REQUEST = TrainingRequest(source=DataServiceSource(seed=7), promote="always")
NEW, MODEL = published_model(2)


def publish(_: TrainedModel, registry: ModelRegistry, rule: PromotionRule) -> Publication:
    """Publish and promote whatever the rule says."""
    registry.publish(NEW, MODEL)
    registry.promote(NEW.version, expected=registry.current())
    return Publication(NEW, promoted=True, reason=f"the rule is {rule}")


class Trainer:
    """A training of a few steps, one of which may fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.calls: list[tuple[Source, str | None]] = []

    def __call__(self, source: Source, *, parent: str | None, report: ProgressCallback) -> TrainedModel:
        self.calls.append((source, parent))
        report(Stage.FETCHING, 0.1)
        report(Stage.LABELLING, 0.3)
        if self.error:
            raise self.error
        report(Stage.LABELLING, 0.31)
        report(Stage.FITTING, 0.5)
        return cast("TrainedModel", MODEL)


def run(jobs: Any, registry: ModelRegistry, job_id: str, train: Trainer) -> Job:
    deadline = utc_now() + timedelta(minutes=1)
    return run_job(job_id, jobs=jobs, registry=registry, train=train, publish=publish, deadline=deadline)


@pytest.fixture
def job_id(jobs: InMemoryJobs) -> str:
    return jobs.create(REQUEST).job_id


def test_a_job_trains_from_its_source_then_names_its_model(
    jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str
) -> None:
    train = Trainer()
    job = run(jobs, registry, job_id, train)
    assert train.calls == [(REQUEST.source, CURRENT)]
    assert job == jobs.get(job_id)
    assert (job.status, job.progress, job.model_version) == (JobStatus.SUCCEEDED, 1, NEW.version)
    assert (job.metrics, job.promoted, job.reason) == (NEW.metrics, True, "the rule is always")
    assert job.started_at is not None
    assert job.finished_at is not None


def test_the_first_model_has_no_parent(jobs: InMemoryJobs, job_id: str) -> None:
    train = Trainer()
    run(jobs, InMemoryRegistry(), job_id, train)
    assert train.calls == [(REQUEST.source, None)]


def test_without_a_readable_pointer_training_has_no_parent(
    jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str
) -> None:
    registry.damage_pointer()
    train = Trainer(TrainingFailed("no rows"))
    run(jobs, registry, job_id, train)
    assert train.calls == [(REQUEST.source, None)]


def test_a_failed_training_has_a_reason_and_leaves_the_current_model(
    jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str
) -> None:
    before = registry.current()
    job = run(jobs, registry, job_id, Trainer(TrainingFailed("three groups of animals, not four")))
    assert (job.status, job.error) == (JobStatus.FAILED, "three groups of animals, not four")
    assert job == jobs.get(job_id)
    assert registry.current() == before


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), MemoryError(), KeyboardInterrupt()])
def test_an_unexpected_error_leaves_a_failed_job_without_details(
    jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str, error: BaseException
) -> None:
    before = registry.current()
    with pytest.raises(type(error)):
        run(jobs, registry, job_id, Trainer(error))
    job = jobs.get(job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, UNEXPECTED)
    assert registry.current() == before


def test_a_job_that_is_delivered_twice_trains_once(jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str) -> None:
    train = Trainer()
    done = run(jobs, registry, job_id, train)
    with pytest.raises(Conflict):
        run(jobs, registry, job_id, train)
    assert len(train.calls) == 1
    assert jobs.get(job_id) == done


def test_after_a_failed_job_the_next_one_succeeds(jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str) -> None:
    run(jobs, registry, job_id, Trainer(TrainingFailed("no rows")))
    assert run(jobs, registry, jobs.create(REQUEST).job_id, Trainer()).status is JobStatus.SUCCEEDED


class NotingJobs:
    """Records the reports of progress, and may lose them."""

    def __init__(self, jobs: InMemoryJobs, error: Exception | None = None) -> None:
        self.jobs = jobs
        self.error = error
        self.reports: list[tuple[Stage, float]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.jobs, name)

    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        self.reports.append((stage, progress))
        if self.error:
            raise self.error
        self.jobs.progress(job_id, stage, progress)


def test_each_stage_is_reported_but_not_each_step(jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str) -> None:
    noting = NotingJobs(jobs)
    run(noting, registry, job_id, Trainer())
    stages = [stage for stage, _ in noting.reports]
    assert stages == [Stage.FETCHING, Stage.LABELLING, Stage.FITTING, Stage.PUBLISHING]
    assert noting.reports[1] == (Stage.LABELLING, 0.3)


def test_a_lost_report_does_not_end_the_training(jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str) -> None:
    job = run(NotingJobs(jobs, Unavailable("the jobs table does not answer")), registry, job_id, Trainer())
    assert job.status is JobStatus.SUCCEEDED


def test_the_lease_of_a_job_is_renewed_while_it_trains(registry: InMemoryRegistry) -> None:
    renewed = Event()

    class LongTraining(Trainer):
        def __call__(self, source: Source, **how: Any) -> TrainedModel:
            assert renewed.wait(LIMIT_SECONDS)
            return super().__call__(source, **how)

    class Jobs(InMemoryJobs):
        def renew(self, job_id: str, deadline: datetime) -> None:
            super().renew(job_id, deadline)
            renewed.set()

    jobs = Jobs(patience=timedelta(minutes=6))
    job = run_job(
        jobs.create(REQUEST).job_id,
        jobs=jobs,
        registry=registry,
        train=LongTraining(),
        publish=publish,
        deadline=utc_now() + timedelta(minutes=15),
        renew_every=timedelta(milliseconds=1),
    )
    assert job.status is JobStatus.SUCCEEDED


def test_an_expired_job_ends_its_training_without_a_publication(
    jobs: InMemoryJobs, registry: InMemoryRegistry, job_id: str
) -> None:
    class TakesTooLong(Trainer):
        def __call__(self, source: Source, **how: Any) -> TrainedModel:
            jobs.expires[job_id] = utc_now()
            return super().__call__(source, **how)

    with pytest.raises(Conflict):
        run(jobs, registry, job_id, TakesTooLong())
    assert NEW.version not in registry.models
    assert jobs.get(job_id).status is JobStatus.FAILED
