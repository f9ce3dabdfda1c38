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


def test_feedback_is_returned_with_the_prediction_in_every_route(predict: Send, ids: list[str]) -> None:
    answer = give(predict, ids[1], {"species": "kangaroo"})
    assert answer.status == 200
    prediction = answer.json()
    assert prediction["id"] == ids[1]
    assert prediction["feedback"]["species"] == "kangaroo"
    assert prediction["feedback"]["given_at"] >= prediction["created_at"]
    assert predict("GET", f"/predictions/{ids[1]}", resource=ONE).json() == prediction
    assert [item["feedback"] for item in predict("GET", "/predictions").json()["items"]] == [
        None,
        prediction["feedback"],
    ]


def test_feedback_can_be_changed(predict: Send, ids: list[str]) -> None:
    give(predict, ids[0], {"species": "unknown"})
    give(predict, ids[0], {"species": "dog"})
    assert predict("GET", f"/predictions/{ids[0]}", resource=ONE).json()["feedback"]["species"] == "dog"


@pytest.mark.parametrize("unknown", ["nobody", "01KG9YS7G0D4HAWTBSEDNRP5HY-0", "01KG9YS7G0D4HAWTBSEDNRP5HY-9999"])
def test_feedback_on_an_unknown_prediction_is_a_404(predict: Send, unknown: str) -> None:
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
def test_feedback_with_an_unknown_species_names_the_field(predict: Send, ids: list[str], body: Any, field: str) -> None:
    problem = assert_problem(give(predict, ids[0], body), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(("store", "status"), [(Down(), 503), (Broken(), 500)])
def test_feedback_that_cannot_be_stored_is_a_503(registry: InMemoryRegistry, store: Any, status: int) -> None:
    answer = give(predict_function(registry, store), "01KG9YS7G0D4HAWTBSEDNRP5HY-0", {"species": "dog"})
    assert_problem(answer, status)
    assert store.SECRET not in answer.text
