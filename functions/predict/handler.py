"""The Lambda handler of the predict function."""

from contextlib import suppress

import functions.cold_start
from functions.http.app import lambda_handler
from functions.log import function_log, log_unreadable
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
on_unreadable = log_unreadable(function_log("predict"))
s3, dynamodb = s3_client(), dynamodb_client()
registry = S3ModelRegistry(s3, settings.models_bucket)
predictions = DynamoDBPredictionStore(dynamodb, settings.predictions_table, on_unreadable=on_unreadable)
feedback = DynamoDBFeedbackStore(dynamodb, settings.predictions_table, on_unreadable=on_unreadable)
metrics = CloudWatchMetrics(cloudwatch_client, settings.stack_name)
models = CurrentModel(registry, refresh_seconds=settings.model_refresh_seconds)

# A cold start loads the model here, where Lambda gives a whole CPU; without one, the first request tries again.
with suppress(MenagerieError):
    models.classifier()

handler = lambda_handler(create_app(models, registry, predictions, feedback, metrics))
functions.cold_start.finished()
