"""The Lambda handler of the retrain function, for requests of API Gateway and events of EventBridge."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import functions.cold_start
from functions.http.app import lambda_handler
from functions.http.operator_key import OperatorKey
from functions.log import function_log, log_unreadable
from functions.retrain.app import create_app
from functions.retrain.start_by_event import start_by_event
from menagerie.aws.clients import dynamodb_client, lambda_client, s3_client
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.messages import LambdaWorker
from menagerie.aws.registry import S3ModelRegistry
from menagerie.settings import RetrainSettings

if TYPE_CHECKING:
    from mangum.types import LambdaContext

settings = RetrainSettings.from_environment()
patience = timedelta(seconds=settings.job_patience_seconds)
log = function_log("retrain")
on_unreadable = log_unreadable(log)
dynamodb = dynamodb_client()
jobs = DynamoDBJobStore(dynamodb, settings.jobs_table, patience=patience, on_unreadable=on_unreadable)
feedback = DynamoDBFeedbackStore(dynamodb, settings.predictions_table, on_unreadable=on_unreadable)
registry = S3ModelRegistry(s3_client(), settings.models_bucket)
worker = LambdaWorker(lambda_client(), settings.trainer_function)
operator = OperatorKey(settings.operator_key_id, settings.operator_key_sha256)

http = lambda_handler(create_app(jobs, registry, worker.start, operator=operator))
functions.cold_start.finished()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a request, or start the job that an event calls for."""
    if "httpMethod" in event:
        return http(event, context)
    try:
        outcome = start_by_event(
            event,
            jobs=jobs,
            registry=registry,
            feedback=feedback,
            start_worker=worker.start,
            minimum_new_feedback=settings.minimum_new_feedback,
        )
    except Exception:
        log.exception("event failed", event_source=event.get("source"), request_id=context.aws_request_id)
        raise  # so that Lambda delivers it again
    write = log.warning if outcome["done"] == "deferred" else log.info
    write("event", event_source=event["source"], **outcome, request_id=context.aws_request_id)
    return outcome
