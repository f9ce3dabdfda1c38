"""Run one retraining job: train, publish, and leave the job finished whatever happens."""

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar

from functions.train.heartbeat import heartbeat
from menagerie.errors import MenagerieError, ModelRejected, Unavailable
from menagerie.job import Stage
from menagerie.job_store import HEARTBEAT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from menagerie.job import Job, PromotionRule, Source
    from menagerie.job_store import JobStore
    from menagerie.manifest import ModelManifest
    from menagerie.registry import ModelRegistry

    Report = Callable[[Stage, float], None]

Trained = TypeVar("Trained")
Trained_co = TypeVar("Trained_co", covariant=True)

UNEXPECTED = "training ended with an unexpected error, which has been logged; the current model stayed current"
SECONDS_BETWEEN_REPORTS = 1.0


class Published(Protocol):
    """What came of a publication."""

    @property
    def manifest(self) -> "ModelManifest":
        """The manifest as it was published."""
        ...

    @property
    def promoted(self) -> bool:
        """Whether the model is current now."""
        ...

    @property
    def reason(self) -> str:
        """Why it is, or why not."""
        ...


class Train(Protocol[Trained_co]):
    """Makes a model from what a job asks for; see training.sources."""

    def __call__(self, source: "Source", *, parent: str | None, report: "Report") -> Trained_co:
        """Return the model, telling of its progress on the way."""
        ...


def run_job(
    job_id: str,
    *,
    jobs: "JobStore",
    registry: "ModelRegistry",
    train: Train[Trained],
    publish: "Callable[[Trained, ModelRegistry, PromotionRule], Published]",
    deadline: "datetime",
    renew_every: "timedelta" = HEARTBEAT,
) -> "Job":
    """Return the finished job; raise Conflict if it does not wait to be run, and what `train` raised unexpectedly.

    The job's lease is renewed while training runs: if this process is killed, the job soon counts as failed.
    """
    job = jobs.start(job_id, deadline)
    report = _throttled(lambda stage, progress: jobs.progress(job_id, stage, progress))
    try:
        with heartbeat(lambda: jobs.renew(job_id, deadline), renew_every):
            trained = train(job.request.source, parent=_champion(registry), report=report)
            report(Stage.PUBLISHING, 0.99)
            published = publish(trained, registry, job.request.promote)
    except MenagerieError as error:
        return jobs.fail(job_id, str(error))
    except BaseException:
        with suppress(MenagerieError):
            jobs.fail(job_id, UNEXPECTED)
        raise
    return jobs.succeed(job_id, published.manifest, promoted=published.promoted, reason=published.reason)


def _champion(registry: "ModelRegistry") -> str | None:
    """Return the current version, or None if there is none; a pointer that cannot be read names none."""
    try:
        pointer = registry.current()
    except ModelRejected:
        return None
    return pointer.version if pointer else None


def _throttled(write: "Report") -> "Report":
    """Return a report that writes a stage's first word at once and the rest about once a second."""
    last_stage: Stage | None = None
    last_time = 0.0

    def report(stage: Stage, progress: float) -> None:
        nonlocal last_stage, last_time
        if stage is last_stage and monotonic() - last_time < SECONDS_BETWEEN_REPORTS:
            return
        last_stage, last_time = stage, monotonic()
        # A report that is lost costs nothing; a job that runs no more should end.
        with suppress(Unavailable):
            write(stage, progress)

    return report
