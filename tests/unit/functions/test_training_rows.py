"""GET /models/{version}/rows: an even, repeatable sample of the training rows."""

import gzip
from typing import Any

import numpy as np
import pytest

from menagerie.manifest import ROWS_FILE
from tests.fakes import Down, InMemoryPredictions, InMemoryRegistry
from tests.samples import manifest_of
from tests.unit.functions.conftest import CURRENT, Send, assert_problem, predict_function
from training.rows import LabelledRows

ROWS = "/models/{version}/rows"
MODEL = b"not a model"
TOTAL = 12_000
MANIFEST = manifest_of(MODEL)
KEPT = MANIFEST.model_copy(update={"training": MANIFEST.training.model_copy(update={"rows_file": ROWS_FILE})})


def stored_rows(count: int) -> bytes:
    """Return the file as training writes it; row n weighs n + 0.5 kg."""
    matrix = np.array([(4, 0.1 + n % 7, n + 0.5, n % 2, 1) for n in range(count)], dtype=np.float32).reshape(-1, 5)
    none = np.zeros(count, dtype=np.int64)
    return LabelledRows.without_feedback(matrix, none, none.astype(np.intp)).to_csv_gz()


def serving(rows: bytes | None) -> tuple[Send, InMemoryRegistry]:
    registry = InMemoryRegistry()
    registry.publish(KEPT if rows is not None else MANIFEST, MODEL, rows)
    registry.promote(MANIFEST.version, expected=None)
    return predict_function(registry, InMemoryPredictions()), registry


def rows_of(predict: Send, query: str = "", version: str = MANIFEST.version, resource: str = ROWS) -> dict[str, Any]:
    answer = predict("GET", f"/models/{version}/rows{query}", resource=resource)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_sample_is_spread_evenly_and_always_the_same() -> None:
    predict, _ = serving(stored_rows(TOTAL))
    body = rows_of(predict, "?limit=3")
    assert (body["version"], body["total"]) == (MANIFEST.version, TOTAL)
    assert [row["weight"] for row in body["items"]] == [0.5, 4000.5, 8000.5]
    assert rows_of(predict, "?limit=3") == body
    whole = rows_of(predict)["items"]
    assert len(whole) == 1000
    assert len({row["weight"] for row in whole}) == 1000


def test_rows_are_returned_as_animals() -> None:
    predict, _ = serving(stored_rows(2))
    first, second = rows_of(predict)["items"]
    assert first == {"walks_on_n_legs": 4, "height": 0.1, "weight": 0.5, "has_wings": False, "has_tail": True}
    assert (second["has_wings"], second["height"]) == (True, 1.1)


def test_fewer_rows_than_the_limit_are_all_returned() -> None:
    predict, _ = serving(stored_rows(7))
    body = rows_of(predict, "?limit=5000")
    assert body["total"] == len(body["items"]) == 7


@pytest.mark.parametrize("resource", [ROWS, "/models/current/rows"])
def test_current_is_a_version_too(resource: str) -> None:
    predict, _ = serving(stored_rows(2))
    assert rows_of(predict, version="current", resource=resource)["version"] == MANIFEST.version


def test_the_longest_answer_is_far_below_the_gateways_limit() -> None:
    predict, _ = serving(stored_rows(TOTAL))
    answer = predict("GET", f"/models/{MANIFEST.version}/rows?limit=5000", resource=ROWS)
    assert len(answer.text) < 1_000_000


@pytest.mark.parametrize("version", ["20200101T000000Z-00000000", "nonsense", MANIFEST.version])
def test_a_version_without_rows_is_a_404(version: str) -> None:
    predict, _ = serving(None)
    assert_problem(predict("GET", f"/models/{version}/rows", resource=ROWS), 404)


def test_before_the_first_promotion_current_is_a_404() -> None:
    predict = predict_function(InMemoryRegistry(), InMemoryPredictions())
    assert_problem(predict("GET", "/models/current/rows", resource="/models/current/rows"), 404)


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(b""),
        gzip.compress(b"some,other,columns\n1,2,3\n"),
        stored_rows(3)[:-9],
        gzip.compress(b"walks_on_n_legs,height,weight,has_wings,has_tail\n4,-1,20,0,1\n"),
    ],
    ids=["no gzip", "empty", "other columns", "cut off", "a bad row"],
)
def test_rows_that_cannot_be_read_are_a_409(content: bytes) -> None:
    predict, _ = serving(content)
    problem = assert_problem(predict("GET", f"/models/{MANIFEST.version}/rows", resource=ROWS), 409)
    assert MANIFEST.version in problem["detail"]


@pytest.mark.parametrize("limit", ["0", "5001", "many"])
def test_a_limit_out_of_range_is_a_422(predict: Send, limit: str) -> None:
    problem = assert_problem(predict("GET", f"/models/{CURRENT}/rows?limit={limit}", resource=ROWS), 422)
    assert [error["field"] for error in problem["errors"]] == ["limit"]


def test_a_registry_that_is_down_is_a_503() -> None:
    predict = predict_function(Down(), InMemoryPredictions())
    assert_problem(predict("GET", f"/models/{CURRENT}/rows", resource=ROWS), 503)
