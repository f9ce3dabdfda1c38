"""What the routes of the predict function need; tests fill the same slots with fakes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from functions.predict.current_model import CurrentModel
    from menagerie.feedback import FeedbackStore
    from menagerie.prediction_store import PredictionStore
    from menagerie.registry import ModelRegistry
    from menagerie.service_metrics import ServiceMetrics


@dataclass(frozen=True, slots=True)
class PredictDependencies:
    """The outer world of the predict function."""

    models: "CurrentModel"
    registry: "ModelRegistry"
    predictions: "PredictionStore"
    feedback: "FeedbackStore"
    metrics: "ServiceMetrics"
    now: "Callable[[], datetime]"


def dependencies_of(request: "Request") -> PredictDependencies:
    """Return what `create_app` was given."""
    dependencies: PredictDependencies = request.app.state.dependencies
    return dependencies
