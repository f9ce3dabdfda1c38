"""Both HTTP functions in one ASGI application, with in-memory stores: the API without a cloud, for many requests."""

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.routing import Match

from functions.predict.app import create_app as create_predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as create_retrain_app
from menagerie.api import Problem
from menagerie.errors import MenagerieError
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import published_model

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "the-key-of-the-contract-test"
OPEN = ("/health", "/docs", "/openapi.json")


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
    return _Gateway(retrain, predict)


class _Gateway:
    """Routes each request to its function; unknown routes and missing keys get a 403, as from API Gateway."""

    def __init__(self, *functions: "FastAPI") -> None:
        self._functions = functions

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http":
            known = (each for each in self._functions if _takes(each, scope))
            function = next(known, None)
            has_key = dict(scope["headers"]).get(b"x-api-key") == KEY.encode()
            if function and (has_key or scope["path"] in OPEN):
                await function(scope, receive, send)
            else:
                await _forbid(send)


def _takes(function: "FastAPI", scope: "Scope") -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in function.routes)


async def _forbid(send: "Send") -> None:
    body = Problem(title="Forbidden", status=403, detail="x-api-key: missing or wrong").model_dump_json().encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
