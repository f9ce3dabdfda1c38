"""GET /models, GET /models/{version}, GET /health."""

import pytest

from tests.fakes import Down, InMemoryPredictions, InMemoryRegistry
from tests.unit.functions.conftest import CURRENT, OTHER, Send, assert_problem, predict_function

ONE = "/models/{version}"


def test_models_are_listed_with_the_current_one_named(predict: Send, registry: InMemoryRegistry) -> None:
    body = predict("GET", "/models").json()
    assert body["current"] == CURRENT
    assert body["items"] == [registry.manifest(version).model_dump(mode="json") for version in (OTHER, CURRENT)]


def test_a_registry_without_models_lists_none() -> None:
    predict = predict_function(InMemoryRegistry(), InMemoryPredictions())
    assert predict("GET", "/models").json() == {"current": None, "items": []}
    assert_problem(predict("GET", "/models/current", resource=ONE), 404)


@pytest.mark.parametrize("resource", [ONE, "/models/current"])
def test_current_is_a_version_too(predict: Send, resource: str) -> None:
    # PUT /models/current makes that path a resource of its own at the gateway.
    assert predict("GET", "/models/current", resource=resource).json()["version"] == CURRENT


def test_a_version_has_a_manifest(predict: Send, registry: InMemoryRegistry) -> None:
    manifest = registry.manifest(OTHER).model_dump(mode="json")
    assert predict("GET", f"/models/{OTHER}", resource=ONE).json() == manifest


@pytest.mark.parametrize("version", ["20200101T000000Z-00000000", "nonsense"])
def test_an_unknown_version_is_a_404(predict: Send, version: str) -> None:
    assert_problem(predict("GET", f"/models/{version}", resource=ONE), 404)


def test_health_names_the_model_that_answers(predict: Send) -> None:
    assert predict("GET", "/health").json() == {"status": "ok", "model_version": CURRENT}


@pytest.mark.parametrize(("target", "resource"), [("/models", None), (f"/models/{CURRENT}", ONE), ("/health", None)])
def test_a_registry_that_is_down_is_a_503(target: str, resource: str | None) -> None:
    answer = predict_function(Down(), InMemoryPredictions())("GET", target, resource=resource)
    assert_problem(answer, 503)
    assert Down.SECRET not in answer.text
