"""The predict function as an application: its one composition root."""

from typing import TYPE_CHECKING, Any

from functions.http.app import http_app
from functions.http.json_log import JsonLog
from functions.predict.dependencies import PredictDependencies
from functions.predict.documentation import router as documentation
from functions.predict.routes import router as routes
from menagerie.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fastapi import FastAPI

    from functions.predict.current_model import CurrentModel
    from menagerie.feedback import FeedbackStore
    from menagerie.prediction_store import PredictionStore
    from menagerie.registry import ModelRegistry
    from menagerie.service_metrics import ServiceMetrics


def create_app(
    models: "CurrentModel",
    registry: "ModelRegistry",
    predictions: "PredictionStore",
    feedback: "FeedbackStore",
    metrics: "ServiceMetrics",
    *,
    now: "Callable[[], datetime]" = utc_now,
) -> "FastAPI":
    """Return the application for the model that answers, its registry, the stores, and the service that counts."""

    def log_context() -> dict[str, Any]:
        return {"model_version": models.loaded_version, "model_trouble": models.trouble}

    dependencies = PredictDependencies(models, registry, predictions, feedback, metrics, now)
    return http_app(routes, documentation, dependencies=dependencies, log=JsonLog("predict"), log_context=log_context)
