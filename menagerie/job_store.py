"""Where retraining jobs are kept: what the functions need of it."""

from datetime import datetime, timedelta
from typing import Protocol

from menagerie.idempotency import IdempotencyKey
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.manifest import ModelManifest

OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)
LOST = "the worker was lost or did not finish before its deadline; the current model stayed current"
LEASE = timedelta(seconds=90)
"""A running job counts as failed when its worker has not renewed the lease for this long."""
HEARTBEAT = timedelta(seconds=20)
"""How often a worker renews its lease. Four renewals must fail before the job counts as failed."""
CLOCK_SKEW = timedelta(minutes=1)
"""How far apart the clocks of two machines may be."""


class JobStore(Protocol):
    """Every call may raise Unavailable; one job at a time is queued or running."""

    def create(self, request: TrainingRequest, key: IdempotencyKey | None = None) -> Job:
        """Queue a job; raise Conflict, naming the other, while one is queued or running.

        With a key under which a job was queued before, return that one as it was then; raise KeyReused if another
        request queued it.
        """
        ...

    def accepted(self, key: IdempotencyKey) -> Job | None:
        """Return the job that was queued under a key, as it was then, or None; raise KeyReused."""
        ...

    def forget(self, key: IdempotencyKey) -> None:
        """Let a key be used anew."""
        ...

    def put_off(self, request: TrainingRequest) -> None:
        """Keep a request until no job runs; the same request waits once."""
        ...

    def waiting(self) -> list[TrainingRequest]:
        """Return what was put off."""
        ...

    def put_off_no_more(self, request: TrainingRequest) -> None:
        """Let go of a request that was put off."""
        ...

    def get(self, job_id: str) -> Job:
        """Return a job as it stands; raise NotFound."""
        ...

    def recent(self, limit: int) -> list[Job]:
        """Return up to `limit` jobs, newest first."""
        ...

    def start(self, job_id: str, deadline: datetime) -> Job:
        """Move a queued job to running, to be done by a deadline; raise Conflict if it is not queued, NotFound.

        The worker must call `renew` within `LEASE`, again and again.
        """
        ...

    def renew(self, job_id: str, deadline: datetime) -> None:
        """Extend the lease of a running job, but not beyond its deadline; raise Conflict if it no longer runs."""
        ...

    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        """Note how far a running job is, from 0 to 1; raise Conflict if it does not run any more."""
        ...

    def succeed(self, job_id: str, manifest: ModelManifest, *, promoted: bool, reason: str) -> Job:
        """Finish a running job with the model that it made; raise Conflict if it does not run any more."""
        ...

    def fail(self, job_id: str, error: str) -> Job:
        """Finish a queued or running job without a model; raise Conflict if it is finished already."""
        ...


def lease(now: datetime, deadline: datetime) -> datetime:
    """Return until when a worker that is alive now counts as alive."""
    return min(now + LEASE, deadline)


def allowed_time(job: Job) -> timedelta:
    """Return how long an unfinished job may take in its present state, by its own record."""
    return max(job.deadline - (job.started_at or job.created_at), LEASE)


def corrected(job: Job, expires: datetime, now: datetime) -> datetime:
    """Return when an unfinished job expires, by a clock that may have been set back since that was written.

    No state lasts longer than `allowed_time`. An expiry further in the future was written by a clock that was ahead.
    """
    allowed = allowed_time(job)
    if job.status not in OPEN or expires <= now + allowed + CLOCK_SKEW:
        return expires
    return now + (LEASE if job.status is JobStatus.RUNNING else allowed)


def as_seen(job: Job, expires: datetime, now: datetime) -> Job:
    """Return a job as it counts at a moment: unfinished when it expires, it has failed."""
    if job.status in OPEN and now >= expires:
        return job.model_copy(update={"status": JobStatus.FAILED, "error": LOST, "finished_at": expires})
    return job
