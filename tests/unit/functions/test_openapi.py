"""One OpenAPI document for both functions: complete, current, and committed as docs/openapi.json."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.openapi import openapi_document
from functions.predict.app import router as predict_router
from functions.retrain.app import router as retrain_router
from menagerie.animal import FEATURE_DETAILS, Kind
from menagerie.job import MAX_DATAPOINTS, MAX_SEED
from tests.unit.functions.conftest import Send

COPY = Path(__file__).parents[3] / "docs" / "openapi.json"
ROUTES = {
    ("/predict", "post"),
    ("/predictions", "get"),
    ("/predictions/{prediction_id}", "get"),
    ("/predictions/{prediction_id}/feedback", "put"),
    ("/models", "get"),
    ("/models/{version}", "get"),
    ("/models/{version}/rows", "get"),
    ("/metrics", "get"),
    ("/health", "get"),
    ("/retrain", "post"),
    ("/retrain", "get"),
    ("/retrain/{job_id}", "get"),
    ("/models/current", "put"),
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def test_the_committed_copy_is_current(document: dict[str, Any]) -> None:
    assert json.loads(COPY.read_text(encoding="utf-8")) == document, (
        "write it anew: python -m functions.openapi > docs/openapi.json"
    )


def test_all_routes_of_both_functions_are_described(document: dict[str, Any]) -> None:
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == ROUTES
    routes = [*predict_router.routes, *retrain_router.routes]
    assert len(routes) == len(ROUTES)


def test_every_reference_has_a_schema(document: dict[str, Any]) -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*map(references, node.values()))
        return set().union(*map(references, node)) if isinstance(node, list) else set()

    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= schemas


def test_bodies_are_described_although_the_routes_read_them_themselves(document: dict[str, Any]) -> None:
    for path, method, model in (
        ("/predict", "post", "PredictRequest"),
        ("/predictions/{prediction_id}/feedback", "put", "TrueSpecies"),
        ("/retrain", "post", "TrainingRequest"),
        ("/models/current", "put", "Promotion"),
    ):
        content = document["paths"][path][method]["requestBody"]["content"]
        assert content["application/json"]["schema"] == {"$ref": f"#/components/schemas/{model}"}


def test_the_kind_of_a_source_is_required_as_the_server_requires_it(document: dict[str, Any]) -> None:
    for name in ("DataServiceSource", "DatasetSource", "FeedbackSource"):
        schema = document["components"]["schemas"][name]
        assert schema["required"][0] == "kind"
        assert "default" not in schema["properties"]["kind"]


def test_the_bounds_of_numbers_are_in_the_document(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for feature in FEATURE_DETAILS:
        schema = schemas["Animal"]["properties"][feature.name]
        assert (schema["title"], schema.get("x-unit", "")) == (feature.label, feature.unit)
        if feature.kind is not Kind.FLAG:
            least = "exclusiveMinimum" if feature.minimum_is_exclusive else "minimum"
            assert (schema[least], schema["maximum"]) == (feature.minimum, feature.maximum)
    source = schemas["DataServiceSource"]["properties"]
    assert (source["seed"]["minimum"], source["seed"]["maximum"]) == (-MAX_SEED, MAX_SEED)
    assert source["number_of_datapoints"]["maximum"] == MAX_DATAPOINTS


def test_every_route_has_a_key_but_health(document: dict[str, Any]) -> None:
    assert document["security"] == [{"ApiKey": []}]
    without = {path for path, methods in document["paths"].items() for m in methods.values() if m.get("security") == []}
    assert without == {"/health"}


def test_errors_are_described_as_problem_documents(document: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "503" in operation["responses"]
            for status, response in operation["responses"].items():
                if status >= "400" and status != "403":
                    assert response["content"] == problem


def test_the_gateways_refusal_is_described_where_a_key_is_needed(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert ("403" in operation["responses"]) is (path != "/health")
            if path != "/health":
                assert set(operation["responses"]["403"]["content"]) == {"application/problem+json", "application/json"}


def test_examples_are_valid(document: dict[str, Any], predict: Send) -> None:
    (example,) = document["components"]["schemas"]["PredictRequest"]["examples"]
    answer = predict("POST", "/predict", json_body=example)
    assert answer.status == 200
    (documented,) = document["components"]["schemas"]["PredictResponse"]["examples"]
    assert answer.json().keys() == documented.keys()
    assert answer.json()["predictions"][0].keys() == documented["predictions"][0].keys()


def test_the_document_is_served(document: dict[str, Any], predict: Send) -> None:
    assert predict("GET", "/openapi.json").json() == document


def test_the_page_needs_no_other_address_and_so_works_behind_every_prefix(predict: Send) -> None:
    answer = predict("GET", "/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert 'SwaggerUIBundle({url: "openapi.json"' in answer.text
    assert re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=(\S+)", answer.text.split("<style>")[0]) == ['"data:,">']
    assert "<script src=" not in answer.text
    assert openapi_document()["servers"] == [{"url": "./"}]
