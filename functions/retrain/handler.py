"""The door of the retrain function: what Lambda calls, for requests of API Gateway and for events of EventBridge."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import functions.http.cold_start
from functions.http.app import lambda_handler
from functions.http.json_log import JsonLog
from functions.http.operator_key import OperatorKey
from functions.retrain.app import create_app, open_model
from functions.retrain.dependencies import RetrainDependencies
from functions.retrain.lambda_worker import LambdaWorker
from functions.retrain.start_by_event import start_by_event
from menagerie.aws.clients import dynamodb_client, lambda_client, s3_client
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.registry import S3ModelRegistry
from menagerie.settings import RetrainSettings

if TYPE_CHECKING:
    from mangum.types import LambdaContext

settings = RetrainSettings.from_environment()
patience = timedelta(seconds=settings.job_patience_seconds)
log = JsonLog("retrain")
dynamodb = dynamodb_client()
jobs = DynamoDBJobStore(dynamodb, settings.jobs_table, patience=patience, on_unreadable=log.skipped)
feedback = DynamoDBFeedbackStore(dynamodb, settings.predictions_table, on_unreadable=log.skipped)
registry = S3ModelRegistry(s3_client(), settings.models_bucket)
worker = LambdaWorker(lambda_client(), settings.trainer_function)
operator = OperatorKey(settings.operator_key_id, settings.operator_key_sha256)

http = lambda_handler(create_app(jobs, registry, worker.start, operator=operator))
dependencies = RetrainDependencies(jobs, registry, worker.start, open_model)
functions.http.cold_start.finished()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a request, or start the job that an event calls for."""
    if "httpMethod" in event:
        return http(event, context)
    try:
        told = start_by_event(event, dependencies, feedback, settings.minimum_new_feedback)
    except Exception as error:
        log.error("event failed", error, event_source=event.get("source"), request_id=context.aws_request_id)
        raise  # so that Lambda delivers it again
    write = log.warning if told["done"] == "put off" else log.info
    write("event", event_source=event["source"], **told, request_id=context.aws_request_id)
    return told
