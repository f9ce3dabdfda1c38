"""The door of the predict function: what Lambda calls."""

from contextlib import suppress

import functions.http.cold_start
from functions.http.app import lambda_handler
from functions.http.json_log import JsonLog
from functions.predict.app import create_app
from functions.predict.current_model import CurrentModel
from menagerie.aws.clients import cloudwatch_client, dynamodb_client, s3_client
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.metrics import CloudWatchMetrics
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.aws.registry import S3ModelRegistry
from menagerie.errors import MenagerieError
from menagerie.settings import PredictSettings

settings = PredictSettings.from_environment()
registry = S3ModelRegistry(s3_client(), settings.models_bucket)
dynamodb = dynamodb_client()
log = JsonLog("predict")
predictions = DynamoDBPredictionStore(dynamodb, settings.predictions_table, on_unreadable=log.skipped)
feedback = DynamoDBFeedbackStore(dynamodb, settings.predictions_table, on_unreadable=log.skipped)
metrics = CloudWatchMetrics(cloudwatch_client, settings.stack_name)
models = CurrentModel(registry, refresh_seconds=settings.model_refresh_seconds)

# A cold start loads the model here, where Lambda gives a whole CPU; without one, the first request looks again.
with suppress(MenagerieError):
    models.classifier()

handler = lambda_handler(create_app(models, registry, predictions, feedback, metrics))
functions.http.cold_start.finished()
