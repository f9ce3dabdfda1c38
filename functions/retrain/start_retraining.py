"""Queue a training job and start its worker."""

from contextlib import suppress
from typing import TYPE_CHECKING

from menagerie.errors import MenagerieError, Unavailable
from menagerie.job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from menagerie.idempotency import IdempotencyKey
    from menagerie.job import Job, TrainingRequest
    from menagerie.ports.jobs import JobStore


def start_retraining(
    request: "TrainingRequest",
    *,
    jobs: "JobStore",
    start_worker: "Callable[[str], None]",
    key: "IdempotencyKey | None" = None,
) -> "Job":
    """Return the queued job, for a key always the same one; raise Conflict while another runs, KeyReused, Unavailable.

    A repetition starts the worker again if the job is still queued: the first request may have ended before it did so.
    A worker that is started twice runs the job once. If the worker cannot be started, the job fails.
    """
    job = (jobs.find_by_key(key) if key else None) or jobs.create(request, key)
    if key and jobs.get(job.job_id).status is not JobStatus.QUEUED:
        return job
    try:
        start_worker(job.job_id)
    except Unavailable:
        # Should this fail as well, the job's deadline ends it.
        with suppress(MenagerieError):
            jobs.fail(job.job_id, "the worker could not be started")
            if key:
                jobs.delete_key(key)
        raise
    return job
