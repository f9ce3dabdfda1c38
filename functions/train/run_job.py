"""Run one training job: train, publish, and finish the job whatever happens."""

from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from menagerie.errors import Conflict, MenagerieError, ModelRejected, Unavailable
from menagerie.job import Stage
from menagerie.ports.jobs import HEARTBEAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from menagerie.job import Job, PromotionRule
    from menagerie.ports.jobs import JobStore
    from menagerie.ports.registry import ModelRegistry
    from training.pipeline import ProgressCallback, TrainedModel
    from training.publishing import Publication

UNEXPECTED = "training ended with an unexpected error, which has been logged; the current model was not changed"
SECONDS_BETWEEN_REPORTS = 1.0


def run_job(
    job_id: str,
    *,
    jobs: "JobStore",
    registry: "ModelRegistry",
    train: "Callable[..., TrainedModel]",
    publish: "Callable[[TrainedModel, ModelRegistry, PromotionRule], Publication]",
    deadline: "datetime",
    renew_every: "timedelta" = HEARTBEAT,
) -> "Job":
    """Return the finished job; raise Conflict if it is not queued, and any unexpected error of `train`.

    The job's lease is renewed while training runs: if this process is killed, the job soon counts as failed.

    Args:
        job_id: the job.
        jobs: the store of the job.
        registry: where the model is published.
        train: makes a model; called like `training.sources.Sources.train`.
        publish: stores a model and promotes it by the job's rule; see `training.publishing.publish`.
        deadline: the time at which this process ends.
        renew_every: the time between two renewals of the lease.
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


@contextmanager
def heartbeat(beat: "Callable[[], None]", every: "timedelta") -> "Iterator[None]":
    """Call `beat` periodically from another thread until the block ends.

    The thread ends when `beat` raises Conflict, since the job no longer runs. It ignores other errors of this
    application: the next call may succeed.
    """
    ended = Event()

    def repeat() -> None:
        while not ended.wait(every.total_seconds()):
            try:
                beat()
            except Conflict:
                return
            except MenagerieError:
                continue

    thread = Thread(target=repeat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _champion(registry: "ModelRegistry") -> str | None:
    """Return the current version, or None if there is none or its pointer cannot be read."""
    try:
        pointer = registry.current()
    except ModelRejected:
        return None
    return pointer.version if pointer else None


def _throttled(write: "ProgressCallback") -> "ProgressCallback":
    """Return a report that writes the first call of each stage, and later ones about once a second."""
    last_stage: Stage | None = None
    last_time = 0.0

    def report(stage: Stage, progress: float) -> None:
        nonlocal last_stage, last_time
        if stage is last_stage and monotonic() - last_time < SECONDS_BETWEEN_REPORTS:
            return
        last_stage, last_time = stage, monotonic()
        # A lost report does no harm; a job that no longer runs should end.
        with suppress(Unavailable):
            write(stage, progress)

    return report
