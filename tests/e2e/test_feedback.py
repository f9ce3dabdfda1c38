"""Feedback on predictions through the emulated gateway."""

from typing import Any

import httpx2
import pytest

from tests.e2e.test_routes import ANIMALS, is_problem

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def predicted(api: httpx2.Client, *names: str) -> list[str]:
    answer = api.post("/predict", json={"animals": [ANIMALS[name] for name in names]})
    return [each["id"] for each in answer.json()["predictions"]]


def test_feedback_is_stored_replaced_and_shown_in_the_history(api: httpx2.Client) -> None:
    first, second = predicted(api, "dog", "chicken")
    for species in ("kangaroo", "dog"):
        answer = api.put(f"/predictions/{first}/feedback", json={"species": species})
        assert answer.status_code == 200, answer.text
        assert answer.json()["feedback"]["species"] == species
    assert api.get(f"/predictions/{first}").json() == answer.json()
    listed: dict[str, Any] = {item["id"]: item for item in api.get("/predictions").json()["items"]}
    assert listed[first]["feedback"] == answer.json()["feedback"]
    assert listed[second]["feedback"] is None


def test_feedback_needs_an_existing_prediction_and_a_valid_species(api: httpx2.Client) -> None:
    (prediction,) = predicted(api, "dog")
    is_problem(api.put("/predictions/01KG9YS7G0D4HAWTBSEDNRP5HY-0/feedback", json={"species": "dog"}), 404)
    problem = is_problem(api.put(f"/predictions/{prediction}/feedback", json={"species": "unicorn"}), 422)
    assert [error["field"] for error in problem["errors"]] == ["species"]
