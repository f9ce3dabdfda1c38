"""POST /predict answers after the predictions are stored."""

from typing import Any

import pytest

from menagerie.animal import CLASSES
from menagerie.api import PredictResponse
from menagerie.ports.predictions import PageRequest
from tests.fakes import Broken, Down, InMemoryPredictions, InMemoryRegistry
from tests.samples import ANIMALS, DOG, ELEPHANT
from tests.unit.functions.conftest import CURRENT, OTHER, Send, assert_problem, predict_function


def body(*animals: Any, **more: Any) -> dict[str, Any]:
    return {"animals": [animal.model_dump() for animal in animals], **more}


def test_answers_have_the_order_of_the_animals(predict: Send) -> None:
    answer = predict("POST", "/predict", json_body=body(*ANIMALS))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert [each["species"] for each in answer.json()["predictions"]] == list(CLASSES)


def test_the_answer_follows_the_contract(predict: Send) -> None:
    answer = predict("POST", "/predict", json_body=body(*ANIMALS))
    response = PredictResponse.model_validate_json(answer.text)
    assert response.model_dump(mode="json") == answer.json()
    assert response.model_version == CURRENT
    for each in response.predictions:
        assert each.confidence == each.probabilities[each.species] == max(each.probabilities.values())
        assert set(each.probabilities) == set(CLASSES)
        assert sum(each.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert each.prediction_set[0] is each.species


def test_the_answer_equals_the_stored_predictions(predict: Send, predictions: InMemoryPredictions) -> None:
    answered = predict("POST", "/predict", json_body=body(ELEPHANT, DOG)).json()
    stored = [each.model_dump(mode="json") for each in predictions.page(PageRequest()).items]
    assert [each["animal"] for each in stored] == [ELEPHANT.model_dump(), DOG.model_dump()]
    for kept, answer in zip(stored, answered["predictions"], strict=True):
        assert kept.items() >= answer.items()
        assert kept["created_at"] == answered["created_at"]
        assert kept["model_version"] == answered["model_version"]


def test_a_request_may_name_another_version(predict: Send) -> None:
    for version in (OTHER, CURRENT, OTHER):
        assert (
            predict("POST", "/predict", json_body=body(DOG, model_version=version)).json()["model_version"] == version
        )
    assert predict("POST", "/predict", json_body=body(DOG, model_version=None)).json()["model_version"] == CURRENT


@pytest.mark.parametrize("version", ["20200101T000000Z-00000000", "current", "", "../secrets"])
def test_a_version_that_does_not_exist_is_a_404(predict: Send, predictions: InMemoryPredictions, version: str) -> None:
    assert_problem(predict("POST", "/predict", json_body=body(DOG, model_version=version)), 404)
    assert predictions.batches == {}


def test_a_version_that_does_not_verify_is_a_409(registry: InMemoryRegistry) -> None:
    manifest, model = registry.models[OTHER]
    registry.models[OTHER] = (manifest, model + b" ")
    predict = predict_function(registry, InMemoryPredictions())
    assert_problem(predict("POST", "/predict", json_body=body(DOG, model_version=OTHER)), 409)


def test_a_prediction_that_is_not_stored_is_not_answered(registry: InMemoryRegistry) -> None:
    answer = predict_function(registry, Down())("POST", "/predict", json_body=body(DOG))
    problem = assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert "species" not in answer.text
    assert Down.SECRET not in answer.text
    assert problem["title"] == "Service Unavailable"


def test_before_the_first_promotion_requests_are_a_503_with_retry_after(predictions: InMemoryPredictions) -> None:
    predict = predict_function(InMemoryRegistry(), predictions)
    for method, target, sent in (("POST", "/predict", body(DOG)), ("GET", "/health", None)):
        answer = predict(method, target, json_body=sent)
        assert "POST /retrain" in assert_problem(answer, 503)["detail"]
        assert "retry-after" in answer.headers


def test_an_unexpected_error_is_a_500_without_details(registry: InMemoryRegistry) -> None:
    answer = predict_function(registry, Broken())("POST", "/predict", json_body=body(DOG))
    assert_problem(answer, 500)
    assert Broken.SECRET not in answer.text
    assert "ZeroDivisionError" not in answer.text


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_may_have_any_content_type(predict: Send, content_type: str | None) -> None:
    # `curl -d` says that it sends a form.
    headers = {"content-type": content_type} if content_type else {}
    assert predict("POST", "/predict", json_body=body(DOG), headers=headers).status == 200
