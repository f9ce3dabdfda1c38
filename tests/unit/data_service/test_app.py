"""The data service over HTTP, against the official contract, and closed to web pages of other origins."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from data_service.app import LOOPBACK_HOSTS, MAX_DATAPOINTS, ROWS_PER_CHUNK, create_app, is_same_origin
from data_service.generator import rows

DATA = "/api/v1/animals/data"
OWN = [("Host", "127.0.0.1:8777")]
ACCEPTED = {
    "a program": OWN,
    "localhost": [("Host", "localhost:8777")],
    "IPv6": [("Host", "[::1]:8777")],
    "a host without a port": [("Host", "localhost")],
    "a host in capitals": [("Host", "LOCALHOST:8777")],
    "its own page": [*OWN, ("Origin", "http://127.0.0.1:8777"), ("Sec-Fetch-Site", "same-origin")],
    "a typed address": [*OWN, ("Sec-Fetch-Site", "none")],
}
REFUSED = {
    "no host": [],
    "an empty host": [("Host", "")],
    "two hosts": [*OWN, ("Host", "evil.example")],
    "the same host twice": [*OWN, *OWN],
    "a rebound name": [("Host", "evil.example:8777"), ("Origin", "http://evil.example:8777")],
    "a name that starts with ours": [("Host", "127.0.0.1.evil.example")],
    "a name that ends with ours": [("Host", "evil.localhost:8777")],
    "a user before the host": [("Host", "127.0.0.1@evil.example")],
    "the wildcard address": [("Host", "0.0.0.0:8777")],
    "a forwarded host": [("Host", "evil.example"), ("X-Forwarded-Host", "127.0.0.1:8777")],
    "a page of another site": [*OWN, ("Origin", "https://evil.example")],
    "a page on another port": [*OWN, ("Origin", "http://127.0.0.1:8000")],
    "a page of another loopback name": [*OWN, ("Origin", "http://localhost:8777")],
    "a page with an opaque origin": [*OWN, ("Origin", "null")],
    "two origins": [*OWN, ("Origin", "http://127.0.0.1:8777"), ("Origin", "http://evil.example")],
    "an image in a page of another site": [*OWN, ("Sec-Fetch-Site", "cross-site")],
    "a link in a page on another port": [*OWN, ("Sec-Fetch-Site", "same-site")],
}


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app(["testserver"]), raise_server_exceptions=False)


@pytest.mark.parametrize("count", [1, 7, ROWS_PER_CHUNK, ROWS_PER_CHUNK + 1])
def test_the_rows_are_a_json_list_of_the_generators_rows(client: TestClient, count: int) -> None:
    answer = client.post(DATA, json={"seed": 5, "number_of_datapoints": count})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [row._asdict() for row in rows(5, count)]


@pytest.mark.parametrize("body", [None, {}, {"seed": 42}, {"number_of_datapoints": 500}])
def test_the_defaults_are_seed_42_with_500_rows(client: TestClient, body: dict[str, int] | None) -> None:
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
def test_an_invalid_request_is_refused_with_the_field_named(client: TestClient, body: str, field: str) -> None:
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


def test_the_front_page_names_the_routes(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for path in (DATA, "/api/v1/animals/schema", "/docs"):
        assert path in page.text


def test_the_documentation_describes_the_data_route(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert DATA in client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize("sender", ACCEPTED)
def test_requests_of_programs_or_own_pages_are_accepted(sender: str) -> None:
    assert is_same_origin(_headers(ACCEPTED[sender]), LOOPBACK_HOSTS)


@pytest.mark.parametrize("sender", REFUSED)
def test_requests_that_a_foreign_page_may_have_sent_are_refused(sender: str) -> None:
    assert not is_same_origin(_headers(REFUSED[sender]), LOOPBACK_HOSTS)


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/api/v1/animals/schema", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_a_refusal_is_a_problem_document_on_every_path(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path, headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert "evil" not in response.text
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_a_host_in_the_file_is_accepted_while_the_file_names_it(tmp_path: Path) -> None:
    file = tmp_path / "allowed-hosts"
    client = TestClient(create_app(allowed_hosts_file=file), base_url="http://172.17.0.1:40000")
    assert client.get("/").status_code == 403
    file.write_text("172.17.0.1\nhost.docker.internal\n", encoding="utf-8")
    assert client.get("/").status_code == 200
    file.unlink()
    assert client.get("/").status_code == 403


def _headers(sent: list[tuple[str, str]]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in sent])
