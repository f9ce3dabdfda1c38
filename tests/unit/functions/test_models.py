"""GET /models, GET /models/{version}, GET /health."""

import pytest

from tests.fakes import Down, InMemoryPredictions, InMemoryRegistry
from tests.samples import DOG, published_model
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


def test_health_names_the_current_model(predict: Send) -> None:
    assert predict("GET", "/health").json() == {"status": "ok", "model_version": CURRENT}


def test_a_pointer_that_cannot_be_read_hides_no_model(predict: Send, registry: InMemoryRegistry) -> None:
    registry.damage_pointer()
    body = predict("GET", "/models").json()
    assert body["current"] is None
    assert len(body["items"]) == 2
    assert predict("GET", f"/models/{OTHER}", resource=ONE).status == 200
    assert_problem(predict("GET", "/models/current", resource=ONE), 409)


@pytest.mark.parametrize("fault", ["the model", "the manifest", "the pointer"])
def test_without_a_usable_model_health_is_a_503_and_other_routes_work(fault: str) -> None:
    registry = InMemoryRegistry()
    manifest, model = published_model(0)
    if fault == "the model":
        model = model[:-1]
    elif fault == "the manifest":
        manifest = manifest.model_copy(update={"classes": manifest.classes[::-1]})
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)
    if fault == "the pointer":
        registry.damage_pointer()
    predict = predict_function(registry, InMemoryPredictions())
    for answer in (predict("GET", "/health"), predict("POST", "/predict", json_body={"animals": [DOG.model_dump()]})):
        problem = assert_problem(answer, 503)
        assert problem["detail"].startswith("The current model cannot be used. PUT /models/current")
        assert "retry-after" in answer.headers
    for target in ("/models", "/predictions", "/openapi.json"):
        assert predict("GET", target).status == 200


@pytest.mark.parametrize(("target", "resource"), [("/models", None), (f"/models/{CURRENT}", ONE), ("/health", None)])
def test_a_registry_that_is_down_is_a_503(target: str, resource: str | None) -> None:
    answer = predict_function(Down(), InMemoryPredictions())("GET", target, resource=resource)
    assert_problem(answer, 503)
    assert Down.SECRET not in answer.text
