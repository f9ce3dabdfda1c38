"""Queue a job and wake its worker; a worker that cannot be woken leaves a failed job, not a waiting one."""

from contextlib import suppress
from typing import TYPE_CHECKING

from menagerie.errors import MenagerieError, Unavailable
from menagerie.job import JobStatus

if TYPE_CHECKING:
    from functions.retrain.dependencies import RetrainDependencies
    from menagerie.idempotency import IdempotencyKey
    from menagerie.job import Job, TrainingRequest


def start_retraining(
    request: "TrainingRequest", dependencies: "RetrainDependencies", key: "IdempotencyKey | None" = None
) -> "Job":
    """Return the queued job, for a key always the same one; raise Conflict while another runs, KeyReused, Unavailable.

    A repetition wakes the worker again if the job still waits: whoever asked first may have died before doing so, and
    a worker that is woken twice runs once.
    """
    jobs = dependencies.jobs
    job = (jobs.find_by_key(key) if key else None) or jobs.create(request, key)
    if key and jobs.get(job.job_id).status is not JobStatus.QUEUED:
        return job
    try:
        dependencies.start_worker(job.job_id)
    except Unavailable:
        # Should this fail as well, the job's deadline ends it.
        with suppress(MenagerieError):
            jobs.fail(job.job_id, "the worker could not be started")
            if key:
                jobs.delete_key(key)
        raise
    return job
