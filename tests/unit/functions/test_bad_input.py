"""Bad input: a 422 that names the field, repeats none of its values, and stores nothing."""

import json
from typing import Any

import pytest

from tests.fakes import InMemoryPredictions
from tests.samples import DOG
from tests.unit.functions.conftest import Send, assert_problem

GOOD = DOG.model_dump()
TEXT = json.dumps(GOOD)


def with_literal(field: str, literal: str) -> str:
    """Return a body of two animals, the second with a literal that json.dumps does not write."""
    animal = json.dumps({**GOOD, field: "@"}).replace('"@"', literal)
    return f'{{"animals": [{TEXT}, {animal}]}}'


@pytest.mark.parametrize("field", ["height", "weight"])
@pytest.mark.parametrize(
    "literal",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        pytest.param("9" * 400, id="400 digits"),
        "0",
        "-0.0",
        "-1",
        "1e9",
        "true",
        '"1"',
        "null",
        "[]",
    ],
)
def test_an_invalid_size_is_named(predict: Send, field: str, literal: str) -> None:
    problem = assert_problem(predict("POST", "/predict", body=with_literal(field, literal)), 422)
    assert [each["field"] for each in problem["errors"]] == [f"animals.1.{field}"]


@pytest.mark.parametrize("literal", ["-1", "9", "2.5", "1e400", "NaN", "9" * 30, "true", '"2"', "null", "{}"])
def test_legs_outside_0_to_8_are_named(predict: Send, literal: str) -> None:
    problem = assert_problem(predict("POST", "/predict", body=with_literal("walks_on_n_legs", literal)), 422)
    assert [each["field"] for each in problem["errors"]] == ["animals.1.walks_on_n_legs"]


@pytest.mark.parametrize("field", ["has_wings", "has_tail"])
@pytest.mark.parametrize("literal", ["0", "1", '"yes"', "null"])
def test_wings_and_tails_are_true_or_false(predict: Send, field: str, literal: str) -> None:
    problem = assert_problem(predict("POST", "/predict", body=with_literal(field, literal)), 422)
    assert [each["field"] for each in problem["errors"]] == [f"animals.1.{field}"]


@pytest.mark.parametrize("field", list(GOOD))
def test_a_missing_field_is_named(predict: Send, field: str) -> None:
    animal = {name: value for name, value in GOOD.items() if name != field}
    problem = assert_problem(predict("POST", "/predict", json_body={"animals": [animal]}), 422)
    assert problem["errors"] == [{"field": f"animals.0.{field}", "message": "Field required"}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"animals": [{**GOOD, "colour": "grey"}]}, "animals.0.colour"),
        ({"animals": [GOOD], "model": "latest"}, "model"),
        ({"animals": [GOOD], "model_version": 7}, "model_version"),
        ({"animals": []}, "animals"),
        ({"animals": [GOOD] * 1001}, "animals"),
        ({"animals": GOOD}, "animals"),
        ({"animals": ["dog"]}, "animals.0"),
        ({}, "animals"),
        ([], "body"),
        (None, "body"),
        ("animals", "body"),
    ],
)
def test_a_body_of_another_shape_is_named(predict: Send, body: Any, field: str) -> None:
    problem = assert_problem(predict("POST", "/predict", body=json.dumps(body)), 422)
    assert [each["field"] for each in problem["errors"]] == [field]


@pytest.mark.parametrize("legs", ["4.0", "4.00e0", "40e-1", "-0.0"])
def test_a_number_without_a_fraction_is_an_integer(predict: Send, legs: str) -> None:
    assert predict("POST", "/predict", body=with_literal("walks_on_n_legs", legs)).status == 200


def test_a_body_may_begin_with_a_byte_order_mark(predict: Send, retrain: Send) -> None:
    assert predict("POST", "/predict", body="\ufeff" + json.dumps({"animals": [GOOD]})).status == 200
    assert retrain("POST", "/retrain", body="\ufeff").status == 202


@pytest.mark.parametrize(
    "body",
    ["", "{", "not json", '{"animals": [', "[" * 100_000, "\x00", '{"animals": 4' + "4" * 5000],
    ids=["empty", "a brace", "words", "half of it", "100,000 brackets", "a zero byte", "5001 digits"],
)
def test_a_body_that_is_not_json_is_a_422(predict: Send, body: str) -> None:
    problem = assert_problem(predict("POST", "/predict", body=body), 422)
    assert [each["field"] for each in problem["errors"]] == ["body"]
    assert problem["errors"][0]["message"].startswith("Invalid JSON")


def test_a_thousand_animals_are_accepted(predict: Send) -> None:
    answer = predict("POST", "/predict", json_body={"animals": [GOOD] * 1000})
    assert len(answer.json()["predictions"]) == 1000


def test_all_bad_fields_are_listed_but_not_thousands_of_them(predict: Send) -> None:
    two = assert_problem(predict("POST", "/predict", json_body={"animals": [{**GOOD, "height": 0, "weight": 0}]}), 422)
    assert [each["field"] for each in two["errors"]] == ["animals.0.height", "animals.0.weight"]
    many = assert_problem(predict("POST", "/predict", json_body={"animals": [{}] * 1000}), 422)
    assert many["detail"] == "5000 fields cannot be used."
    assert len(many["errors"]) == 100


def test_the_problem_repeats_no_value_of_the_body(predict: Send) -> None:
    marker = "Hunter2" * 40
    for animal in ({**GOOD, "height": marker}, {**GOOD, marker: 1}):
        answer = predict("POST", "/predict", json_body={"animals": [animal]})
        assert_problem(answer, 422)
        assert marker not in answer.text


def test_an_invalid_request_stores_nothing(predict: Send, predictions: InMemoryPredictions) -> None:
    predict("POST", "/predict", json_body={"animals": [GOOD, {**GOOD, "height": 0}]})
    assert predictions.batches == {}


def test_a_body_beyond_the_limit_is_a_413(predict: Send) -> None:
    limit = 5 * 1024 * 1024
    within = json.dumps({"animals": [GOOD]}).ljust(limit)
    assert predict("POST", "/predict", body=within).status == 200
    assert_problem(predict("POST", "/predict", body=within + " "), 413)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("from=0001-01-01T00:00:00%2B05:00", "from"),
        ("to=9999-12-31T23:59:59-05:00", "to"),
        ("from=0.5", "from"),
        ("from=-1", "from"),
        ("to=1769860800", "to"),
        ("to=1e3", "to"),
        ("to=", "to"),
        ("from=2026-01-31T12:00:01Z&to=2026-01-31T12:00:00Z", "from"),
        ("from=2026-01-31T12:00:00Z&to=2026-01-31T12:00:00%2B01:00", "from"),
        ("species=unicorn", "species"),
        ("species=", "species"),
        ("cursor=!!", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=MS4wMUtHOVlTN0cwRDRIQVdUQlNFRE5SUDVIWS4xMDAw", "cursor"),
        pytest.param("cursor=" + "A" * 5000, "cursor", id="a cursor of 5000 letters"),
    ],
)
def test_a_bad_query_is_named(predict: Send, query: str, field: str) -> None:
    problem = assert_problem(predict("GET", f"/predictions?{query}"), 422)
    assert [each["field"] for each in problem["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"source": {"kind": "data-service", "number_of_datapoints": 0}}, "source.number_of_datapoints"),
        ({"source": {"kind": "data-service", "number_of_datapoints": 10**7}}, "source.number_of_datapoints"),
        ({"source": {"kind": "data-service", "seed": "42"}}, "source.seed"),
        ({"source": {"kind": "data-service", "seed": 10**40}}, "source.seed"),
        ({"source": {"kind": "data-service", "seed": 7.5}}, "source.seed"),
        ({"source": {"kind": "data-service", "seed": True}}, "source.seed"),
        ({"source": {"kind": "oracle"}}, "source.kind"),
        ({"source": {"seed": 7}}, "source.kind"),
        ({"source": {"kind": "feedback", "since": "2026-01-31"}}, "source.since"),
        ({"source": {"kind": "dataset"}}, "source.key"),
        ({"source": {"kind": "dataset", "key": "models/current.json"}}, "source.key"),
        ({"source": {"kind": "dataset", "key": "datasets/a\nb.csv"}}, "source.key"),
        ({"source": {"kind": "data-service", "url": "http://elsewhere"}}, "source.url"),
        ({"promote": "perhaps"}, "promote"),
        ({"sources": []}, "sources"),
        ([], "body"),
    ],
)
def test_a_bad_retraining_request_is_named(retrain: Send, body: Any, field: str) -> None:
    problem = assert_problem(retrain("POST", "/retrain", json_body=body), 422)
    assert [each["field"] for each in problem["errors"]] == [field]


def test_numbers_of_a_retraining_request_may_be_written_as_floats(retrain: Send) -> None:
    document = '{"source": {"kind": "data-service", "seed": 7.0, "number_of_datapoints": 1e3}}'
    answer = retrain("POST", "/retrain", body=document)
    assert answer.status == 202, answer.text
    assert answer.json()["request"]["source"] == {"kind": "data-service", "seed": 7, "number_of_datapoints": 1000}


@pytest.mark.parametrize(
    ("body", "field"), [({}, "version"), ({"version": 1}, "version"), ({"version": "x", "force": True}, "force")]
)
def test_a_bad_promotion_is_named(retrain: Send, body: Any, field: str) -> None:
    problem = assert_problem(retrain("PUT", "/models/current", json_body=body), 422)
    assert [each["field"] for each in problem["errors"]] == [field]


@pytest.mark.parametrize(("method", "target"), [("GET", "/nowhere"), ("GET", "/"), ("GET", "/redoc")])
def test_an_unknown_route_is_a_404(predict: Send, retrain: Send, method: str, target: str) -> None:
    for function in (predict, retrain):
        assert_problem(function(method, target), 404)


def test_an_unsupported_method_is_a_405_with_the_supported_one(predict: Send) -> None:
    answer = predict("DELETE", "/predict")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_an_unsupported_method_is_a_405_with_all_supported_ones(retrain: Send) -> None:
    answer = retrain("TRACE", "/retrain")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
