"""Both functions behind their handlers, with fakes as collaborators and a small real model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.http.app import lambda_handler
from functions.predict.app import create_app as create_predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as create_retrain_app
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import published_model
from tests.unit.functions.gateway import Answer, call

CURRENT = published_model(0)[0].version
OTHER = published_model(1)[0].version

Send = Callable[..., Answer]


@pytest.fixture
def registry() -> InMemoryRegistry:
    """A registry with two models, the older of which is current."""
    registry = InMemoryRegistry()
    for state in (0, 1):
        registry.publish(*published_model(state))
    registry.promote(CURRENT, expected=None)
    return registry


@pytest.fixture
def predictions() -> InMemoryPredictions:
    return InMemoryPredictions()


def predict_function(
    registry: Any, predictions: Any, models: CurrentModel | None = None, metrics: Any = None, **how: Any
) -> Send:
    """Return a function that sends requests to the predict function."""
    models = models or CurrentModel(registry, refresh_seconds=60)
    feedback = InMemoryFeedback(predictions) if isinstance(predictions, InMemoryPredictions) else predictions
    handler = lambda_handler(
        create_predict_app(models, registry, predictions, feedback, metrics or InMemoryMetrics(), **how)
    )
    return lambda method, target, **request: call(handler, method, target, **request)


@pytest.fixture
def predict(registry: InMemoryRegistry, predictions: InMemoryPredictions) -> Send:
    return predict_function(registry, predictions)


@dataclass
class Worker:
    """Records the jobs for which it is started."""

    started: list[str] = field(default_factory=list)

    def start(self, job_id: str) -> None:
        self.started.append(job_id)


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def jobs() -> InMemoryJobs:
    return InMemoryJobs(patience=timedelta(minutes=6))


def retrain_function(jobs: Any, registry: Any, start_worker: Callable[[str], None], **how: Any) -> Send:
    """Return a function that sends requests to the retrain function."""
    handler = lambda_handler(create_retrain_app(jobs, registry, start_worker, **how))
    return lambda method, target, **request: call(handler, method, target, **request)


@pytest.fixture
def retrain(jobs: InMemoryJobs, registry: InMemoryRegistry, worker: Worker) -> Send:
    return retrain_function(jobs, registry, worker.start)


def assert_problem(answer: Answer, status: int) -> dict[str, Any]:
    """Check that an answer is a problem document and return it."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    return problem
