"""PUT /predictions/{id}/feedback."""

from typing import Any

import pytest

from tests.fakes import Broken, Down, InMemoryRegistry
from tests.samples import CHICKEN, DOG
from tests.unit.functions.conftest import Send, assert_problem, predict_function

ROUTE = "/predictions/{prediction_id}/feedback"
ONE = "/predictions/{prediction_id}"


def give(predict: Send, prediction_id: str, body: Any) -> Any:
    return predict("PUT", f"/predictions/{prediction_id}/feedback", resource=ROUTE, json_body=body)


@pytest.fixture
def ids(predict: Send) -> list[str]:
    """Two predictions of one request."""
    animals = [DOG.model_dump(), CHICKEN.model_dump()]
    answer = predict("POST", "/predict", json_body={"animals": animals}).json()
    return [each["id"] for each in answer["predictions"]]


def test_feedback_is_answered_and_shown_with_the_prediction_and_in_the_history(predict: Send, ids: list[str]) -> None:
    answer = give(predict, ids[1], {"species": "kangaroo"})
    assert answer.status == 200
    told = answer.json()
    assert told["id"] == ids[1]
    assert told["feedback"]["species"] == "kangaroo"
    assert told["feedback"]["given_at"] >= told["created_at"]
    assert predict("GET", f"/predictions/{ids[1]}", resource=ONE).json() == told
    assert [item["feedback"] for item in predict("GET", "/predictions").json()["items"]] == [None, told["feedback"]]


def test_feedback_can_be_changed(predict: Send, ids: list[str]) -> None:
    give(predict, ids[0], {"species": "unknown"})
    give(predict, ids[0], {"species": "dog"})
    assert predict("GET", f"/predictions/{ids[0]}", resource=ONE).json()["feedback"]["species"] == "dog"


@pytest.mark.parametrize("unknown", ["nobody", "01KG9YS7G0D4HAWTBSEDNRP5HY-0", "01KG9YS7G0D4HAWTBSEDNRP5HY-9999"])
def test_feedback_on_what_was_never_predicted_is_a_404(predict: Send, unknown: str) -> None:
    assert_problem(give(predict, unknown, {"species": "dog"}), 404)


def test_feedback_on_a_position_after_the_last_is_a_404(predict: Send, ids: list[str]) -> None:
    assert_problem(give(predict, f"{ids[0][:-2]}-2", {"species": "dog"}), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"species": "unicorn"}, "species"),
        ({"species": None}, "species"),
        ({}, "species"),
        ({"species": "dog", "certain": True}, "certain"),
        ([], "body"),
    ],
)
def test_feedback_that_is_no_species_is_refused_with_its_field_named(
    predict: Send, ids: list[str], body: Any, field: str
) -> None:
    problem = assert_problem(give(predict, ids[0], body), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(("store", "status"), [(Down(), 503), (Broken(), 500)])
def test_feedback_that_cannot_be_stored_is_not_answered(registry: InMemoryRegistry, store: Any, status: int) -> None:
    answer = give(predict_function(registry, store), "01KG9YS7G0D4HAWTBSEDNRP5HY-0", {"species": "dog"})
    assert_problem(answer, status)
    assert store.SECRET not in answer.text
