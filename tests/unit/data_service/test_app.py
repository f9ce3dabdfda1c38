"""The data service over HTTP, against the official contract."""

import pytest
from fastapi.testclient import TestClient

from data_service.app import MAX_DATAPOINTS, ROWS_PER_PIECE, create_app
from data_service.generator import rows

DATA = "/api/v1/animals/data"


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app(["testserver"]), raise_server_exceptions=False)


@pytest.mark.parametrize("count", [1, 7, ROWS_PER_PIECE, ROWS_PER_PIECE + 1])
def test_the_rows_are_a_json_list_of_the_generators_rows(client: TestClient, count: int) -> None:
    answer = client.post(DATA, json={"seed": 5, "number_of_datapoints": count})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [row._asdict() for row in rows(5, count)]


@pytest.mark.parametrize("body", [None, {}, {"seed": 42}, {"number_of_datapoints": 500}])
def test_what_is_left_out_is_seed_42_and_500_rows(client: TestClient, body: dict[str, int] | None) -> None:
    assert client.post(DATA, json=body).json() == [row._asdict() for row in rows(42, 500)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"number_of_datapoints": 0}', "number_of_datapoints"),
        ('{"number_of_datapoints": -5}', "number_of_datapoints"),
        (f'{{"number_of_datapoints": {MAX_DATAPOINTS + 1}}}', "number_of_datapoints"),
        ('{"number_of_datapoints": 2.5}', "number_of_datapoints"),
        ('{"number_of_datapoints": "many"}', "number_of_datapoints"),
        ('{"seed": NaN}', "seed"),
        ('{"seed": 1e999}', "seed"),
        ('{"seed": null}', "seed"),
        ('{"seed": 99999999999999999999999999}', "seed"),
        ('{"sead": 1}', "sead"),
    ],
)
def test_an_absurd_request_is_refused_with_the_field_named(client: TestClient, body: str, field: str) -> None:
    answer = client.post(DATA, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert [error["loc"][-1] for error in answer.json()["detail"]] == [field]


@pytest.mark.parametrize("body", ["[]", "null", "seed=42", '{"seed":'])
def test_a_body_that_is_no_object_is_refused(client: TestClient, body: str) -> None:
    answer = client.post(DATA, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_the_schema_names_the_fields_of_a_row_and_their_types(client: TestClient) -> None:
    schema = client.get("/api/v1/animals/schema").json()
    assert {name: field["type"] for name, field in schema["properties"].items()} == {
        "walks_on_n_legs": "integer",
        "height": "number",
        "weight": "number",
        "has_wings": "boolean",
        "has_tail": "boolean",
    }
    assert sorted(schema["required"]) == sorted(schema["properties"])


def test_the_front_page_says_where_to_go(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for path in (DATA, "/api/v1/animals/schema", "/docs"):
        assert path in page.text


def test_the_documentation_describes_the_data_route(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert DATA in client.get("/openapi.json").json()["paths"]
