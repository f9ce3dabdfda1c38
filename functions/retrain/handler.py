"""The door of the retrain function's HTTP side: what Lambda calls."""

from datetime import timedelta

from functions.http_app import lambda_handler
from functions.retrain.app import create_app
from functions.retrain.lambda_worker import LambdaWorker
from menagerie.aws import dynamodb_client, lambda_client, s3_client
from menagerie.dynamodb_jobs import DynamoDBJobStore
from menagerie.s3_registry import S3ModelRegistry
from menagerie.settings import RetrainSettings

settings = RetrainSettings.from_environment()
patience = timedelta(seconds=settings.job_patience_seconds)
jobs = DynamoDBJobStore(dynamodb_client(), settings.jobs_table, patience=patience)
registry = S3ModelRegistry(s3_client(), settings.models_bucket)
worker = LambdaWorker(lambda_client(), settings.trainer_function)

handler = lambda_handler(create_app(jobs, registry, worker.start))
