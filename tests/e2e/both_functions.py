"""Both HTTP functions in one ASGI application, with in-memory stores: the API without a cloud, for many requests."""

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.predict.app import create_app as create_predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as create_retrain_app
from menagerie.errors import MenagerieError
from tests.api_gateway import ApiGateway
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import published_model

if TYPE_CHECKING:
    from starlette.types import ASGIApp

KEY = "the-key-of-the-contract-test"


def both_functions() -> "ASGIApp":
    """Return an ASGI application that routes requests and checks the API key like API Gateway."""
    registry = InMemoryRegistry()
    for state in (0, 1):
        registry.publish(*published_model(state))
    registry.promote(published_model(0)[0].version, expected=None)
    predictions = InMemoryPredictions()
    jobs = InMemoryJobs(patience=timedelta(minutes=6))

    def fail(job_id: str) -> None:
        """Fail a job at once, so that the next request can queue another."""
        with suppress(MenagerieError):
            jobs.fail(job_id, "this test runs no training")

    models = CurrentModel(registry, refresh_seconds=0)
    predict = create_predict_app(models, registry, predictions, InMemoryFeedback(predictions), InMemoryMetrics())
    retrain = create_retrain_app(jobs, registry, fail)
    return ApiGateway(retrain, predict, key=KEY)
