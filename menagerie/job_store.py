"""Where retraining jobs are kept: what the functions need of it."""

from datetime import datetime
from typing import Protocol

from menagerie.idempotency import IdempotencyKey
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.manifest import ModelManifest

OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)
LOST = "the worker did not finish before its deadline; the current model stayed current"


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
        """Move a queued job to running, to be done by a deadline; raise Conflict if it is not queued, NotFound."""
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


def as_seen(job: Job, now: datetime) -> Job:
    """Return a job as it counts at a moment: unfinished after its deadline, it has failed."""
    if job.status in OPEN and now >= job.deadline:
        return job.model_copy(update={"status": JobStatus.FAILED, "error": LOST, "finished_at": job.deadline})
    return job
