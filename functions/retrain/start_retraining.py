"""Queue a job and wake its worker; a worker that cannot be woken leaves a failed job, not a waiting one."""

from contextlib import suppress
from typing import TYPE_CHECKING

from menagerie.errors import MenagerieError, Unavailable

if TYPE_CHECKING:
    from functions.retrain.dependencies import RetrainDependencies
    from menagerie.job import Job, TrainingRequest


def start_retraining(request: "TrainingRequest", dependencies: "RetrainDependencies") -> "Job":
    """Return the queued job; raise Conflict while another one runs, Unavailable."""
    job = dependencies.jobs.create(request)
    try:
        dependencies.start_worker(job.job_id)
    except Unavailable:
        # Should this fail as well, the job's deadline ends it.
        with suppress(MenagerieError):
            dependencies.jobs.fail(job.job_id, "the worker could not be started")
        raise
    return job
