"""The Lambda handler of the train function, which is invoked asynchronously with {"job_id": …}."""

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import functions.cold_start
from functions.log import function_log, log_unreadable
from functions.train.retire_models import retire_models
from functions.train.run_job import run_job
from menagerie.aws.clients import dynamodb_client, events_client, s3_client
from menagerie.aws.datasets import S3Datasets
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.messages import JobEvents
from menagerie.aws.registry import S3ModelRegistry
from menagerie.clock import utc_now
from menagerie.errors import Conflict, MenagerieError
from menagerie.settings import TrainSettings
from training.publishing import publish
from training.sources import Sources

if TYPE_CHECKING:
    from mangum.types import LambdaContext

settings = TrainSettings.from_environment()
patience = timedelta(seconds=settings.job_patience_seconds)
log = function_log("train")
on_unreadable = log_unreadable(log)
dynamodb, s3 = dynamodb_client(), s3_client()
jobs = DynamoDBJobStore(dynamodb, settings.jobs_table, patience=patience, on_unreadable=on_unreadable)
registry = S3ModelRegistry(s3, settings.models_bucket)
sources = Sources(
    data_service_url=settings.data_service_url,
    registry=registry,
    datasets=S3Datasets(s3, settings.models_bucket),
    feedback=DynamoDBFeedbackStore(dynamodb, settings.predictions_table, on_unreadable=on_unreadable),
)
events = JobEvents(events_client(), settings.event_bus)
functions.cold_start.finished()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Run a job once, however often it is delivered, and return its status."""
    job_id = str(event["job_id"])
    # Lambda ends this process when the time is up; a job that is still open then counts as failed.
    deadline = utc_now() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        job = run_job(job_id, jobs=jobs, registry=registry, train=sources.train, publish=publish, deadline=deadline)
    except Conflict as error:
        log.warning("job not run", job_id=job_id, reason=str(error), request_id=context.aws_request_id)
        return {"job_id": job_id, "status": "not run"}
    except Exception:
        log.exception("job failed", job_id=job_id, request_id=context.aws_request_id)
        with suppress(Exception):  # the error above is the one to raise
            events.ended(jobs.get(job_id))
        raise  # so that Lambda counts it among the function's errors; it is not tried again
    # The metric filter FailedTrainings in template.yaml matches this line.
    log.info("job ended", **job.model_dump(mode="json", exclude_none=True), request_id=context.aws_request_id)
    _retire()
    _publish_end(job_id)
    return {"job_id": job_id, "status": job.status}


def _retire() -> None:
    try:
        retired = retire_models(registry, settings.retained_models, utc_now())
    except MenagerieError as error:
        # A model too many costs little, and the next job tries again.
        log.warning("old models not removed", reason=str(error))
    else:
        if retired:
            log.info("old models removed", versions=retired)


def _publish_end(job_id: str) -> None:
    try:
        events.ended(jobs.get(job_id))
    except MenagerieError as error:
        # The job has ended all the same; deferred requests start with the next event.
        log.warning("end not published", job_id=job_id, reason=str(error))
