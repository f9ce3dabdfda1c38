"""Routes match behind a stage, behind a custom domain's base path, and without a prefix."""

from typing import Any

import pytest

from functions.http.app import lambda_handler
from functions.predict.app import create_app
from functions.predict.current_model import CurrentModel
from tests.fakes import InMemoryFeedback, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.unit.functions.conftest import CURRENT
from tests.unit.functions.gateway import Context, event

PREDICTIONS = InMemoryPredictions()


@pytest.mark.parametrize(
    ("path", "full_path"),
    [
        ("/models/{v}", "/v1/models/{v}"),
        ("/models/{v}", "/models/{v}"),
        ("/animals/models/{v}", "/animals/models/{v}"),
        ("/models/models/{v}", "/models/models/{v}"),
        ("/models/{v}/", "/v1/models/{v}/"),
    ],
)
def test_a_route_is_found_behind_a_prefix(registry: InMemoryRegistry, path: str, full_path: str) -> None:
    models = CurrentModel(registry, refresh_seconds=60)
    handler = lambda_handler(
        create_app(models, registry, PREDICTIONS, InMemoryFeedback(PREDICTIONS), InMemoryMetrics())
    )
    request: dict[str, Any] = event("GET", path.format(v=CURRENT), resource="/models/{version}")
    request["requestContext"]["path"] = full_path.format(v=CURRENT)
    answer = handler(request, Context())  # type: ignore[arg-type]  # the handler uses these attributes only
    assert answer["statusCode"] == 200, answer["body"]
    assert CURRENT in answer["body"]


@pytest.mark.parametrize("stage", ["predict", "models", "v1"])
def test_a_stage_may_have_the_name_of_a_route(registry: InMemoryRegistry, stage: str) -> None:
    models = CurrentModel(registry, refresh_seconds=60)
    handler = lambda_handler(
        create_app(models, registry, PREDICTIONS, InMemoryFeedback(PREDICTIONS), InMemoryMetrics())
    )
    request: dict[str, Any] = event("GET", "/models")
    request["requestContext"]["path"] = f"/{stage}/models"
    answer = handler(request, Context())  # type: ignore[arg-type]  # the handler uses these attributes only
    assert answer["statusCode"] == 200, answer["body"]


def test_an_event_needs_no_path_in_its_context(registry: InMemoryRegistry) -> None:
    models = CurrentModel(registry, refresh_seconds=60)
    handler = lambda_handler(
        create_app(models, registry, PREDICTIONS, InMemoryFeedback(PREDICTIONS), InMemoryMetrics())
    )
    request: dict[str, Any] = event("GET", "/health")
    del request["requestContext"]["path"]
    assert handler(request, Context())["statusCode"] == 200  # type: ignore[arg-type]  # the handler uses these attributes only
