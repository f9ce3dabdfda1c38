"""GET /predictions and GET /predictions/{id}."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from menagerie.animal import Species
from tests.fakes import Down, InMemoryPredictions, InMemoryRegistry
from tests.samples import NOON, batch_of
from tests.unit.functions.conftest import Send, assert_problem, predict_function

ONE = "/predictions/{prediction_id}"


@pytest.fixture(autouse=True)
def _stored(predictions: InMemoryPredictions) -> None:
    for hours in range(5):
        predictions.add(batch_of(Species.DOG, Species.CHICKEN, at=NOON + timedelta(hours=hours)))


def listed(predict: Send, query: str = "") -> list[dict[str, Any]]:
    answer = predict("GET", f"/predictions?{query}")
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_the_newest_come_first(predict: Send) -> None:
    times = [each["created_at"] for each in listed(predict)]
    assert len(times) == 10
    assert times == sorted(times, reverse=True)


def test_an_item_follows_the_contract(predict: Send) -> None:
    (item,) = listed(predict, "limit=1")
    assert set(item) == {
        "id",
        "created_at",
        "animal",
        "species",
        "confidence",
        "probabilities",
        "prediction_set",
        "model_version",
        "feedback",
    }
    assert predict("GET", f"/predictions/{item['id']}", resource=ONE).json() == item


def test_a_cursor_leads_to_the_next_page(predict: Send) -> None:
    first = predict("GET", "/predictions?limit=3").json()
    second = predict("GET", f"/predictions?limit=100&cursor={first['next_cursor']}").json()
    assert first["items"] + second["items"] == listed(predict)
    assert second["next_cursor"] is None


def test_one_species_is_listed_alone(predict: Send) -> None:
    assert {each["species"] for each in listed(predict, "species=dog")} == {"dog"}
    assert listed(predict, "species=unknown") == []


@pytest.mark.parametrize(
    "hour_one",
    [
        "2026-01-31T13:00:00Z",
        "2026-01-31T13:00:00",
        "2026-01-31T14:00:00%2B01:00",
        "2026-01-31T14:00:00+01:00",
        "2026-01-31%2013:00:00",
    ],
)
def test_times_have_a_zone_or_are_utc(predict: Send, hour_one: str) -> None:
    assert len(listed(predict, f"from={hour_one}")) == 8
    assert len(listed(predict, f"to={hour_one}")) == 4
    assert len(listed(predict, f"from={hour_one}&to={hour_one}")) == 2


def test_the_time_of_a_prediction_finds_it_again(predict: Send) -> None:
    newest = quote(listed(predict, "limit=1")[0]["created_at"])
    assert len(listed(predict, f"from={newest}&to={newest}")) == 2


@pytest.mark.parametrize("unknown", ["nobody", "01KG9YS7G0D4HAWTBSEDNRP5HY-0", "%00", "..%2F..%2Fmodels"])
def test_an_unknown_prediction_is_a_404(predict: Send, unknown: str) -> None:
    assert_problem(predict("GET", f"/predictions/{unknown}", resource=ONE), 404)


@pytest.mark.parametrize(("target", "resource"), [("/predictions", None), ("/predictions/x-0", ONE)])
def test_a_store_that_is_down_is_a_503(registry: InMemoryRegistry, target: str, resource: str | None) -> None:
    answer = predict_function(registry, Down())("GET", target, resource=resource)
    assert_problem(answer, 503)
    assert Down.SECRET not in answer.text
    assert "retry-after" in answer.headers
