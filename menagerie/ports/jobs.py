"""The port for training jobs, and the rules of time by which an unfinished job counts as failed."""

from datetime import datetime, timedelta
from typing import Protocol

from menagerie.idempotency import IdempotencyKey
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.manifest import ModelManifest

OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)
LOST = "the worker was lost or did not finish before its deadline; the current model was not changed"
LEASE = timedelta(seconds=90)
"""A running job counts as failed when its worker has not renewed the lease for this long."""
HEARTBEAT = timedelta(seconds=20)
"""How often a worker renews its lease. Four renewals must fail before the job counts as failed."""
CLOCK_SKEW = timedelta(minutes=1)
"""How far apart the clocks of two machines may be."""


class JobStore(Protocol):
    """Stores jobs, of which one at a time is queued or running. Every method may raise Unavailable.

    A job that is neither finished nor renewed by its deadline is returned as failed, with the error `LOST`.
    """

    def create(self, request: TrainingRequest, key: IdempotencyKey | None = None) -> Job:
        """Queue a job; raise Conflict, naming the other job, while one is queued or running.

        With a key under which a job was queued before, return that job as it was queued; raise KeyReused if another
        request queued it.
        """
        ...

    def find_by_key(self, key: IdempotencyKey) -> Job | None:
        """Return the job that was queued under a key, as it was queued, or None; raise KeyReused."""
        ...

    def delete_key(self, key: IdempotencyKey) -> None:
        """Delete a key, so that it can be used for a new job."""
        ...

    def defer(self, request: TrainingRequest) -> None:
        """Store a request that starts when no job is queued or running; equal requests are stored once."""
        ...

    def deferred(self) -> list[TrainingRequest]:
        """Return the deferred requests, in no particular order."""
        ...

    def delete_deferred(self, request: TrainingRequest) -> None:
        """Delete a deferred request, if it is stored."""
        ...

    def get(self, job_id: str) -> Job:
        """Return a job; raise NotFound."""
        ...

    def recent(self, limit: int) -> list[Job]:
        """Return up to `limit` jobs, newest first."""
        ...

    def start(self, job_id: str, deadline: datetime) -> Job:
        """Change a queued job to running until a deadline; raise Conflict if it is not queued, NotFound.

        The worker must call `renew` at least once in every `LEASE`.
        """
        ...

    def renew(self, job_id: str, deadline: datetime) -> None:
        """Extend the lease of a running job, but not beyond its deadline; raise Conflict if it is not running."""
        ...

    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        """Store the progress of a running job, from 0 to 1; raise Conflict if it is not running."""
        ...

    def succeed(self, job_id: str, manifest: ModelManifest, *, promoted: bool, reason: str) -> Job:
        """Finish a running job with the model that it trained; raise Conflict if it is not running."""
        ...

    def fail(self, job_id: str, error: str) -> Job:
        """Finish a queued or running job without a model; raise Conflict if it is already finished."""
        ...


def lease(now: datetime, deadline: datetime) -> datetime:
    """Return when the lease of a worker that renews it now expires."""
    return min(now + LEASE, deadline)


def allowed_time(job: Job) -> timedelta:
    """Return how long an unfinished job may stay in its status, computed from its own timestamps."""
    return max(job.deadline - (job.started_at or job.created_at), LEASE)


def corrected_expiry(job: Job, expires: datetime, now: datetime) -> datetime:
    """Return when an unfinished job expires, by a clock that may have been set back since `expires` was stored.

    No status lasts longer than `allowed_time`. A later expiry was stored by a clock that was ahead.
    """
    allowed = allowed_time(job)
    if job.status not in OPEN or expires <= now + allowed + CLOCK_SKEW:
        return expires
    return now + (LEASE if job.status is JobStatus.RUNNING else allowed)


def job_at(now: datetime, job: Job, expires: datetime) -> Job:
    """Return a job as it counts at a moment: an unfinished job that has expired has failed."""
    if job.status in OPEN and now >= expires:
        return job.model_copy(update={"status": JobStatus.FAILED, "error": LOST, "finished_at": expires})
    return job
