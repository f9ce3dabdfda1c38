"""The response of every route through API Gateway, with and without an API key."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from cloud.state.directory import StackAddresses
from tests.waiting import LIMIT_SECONDS, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ANIMALS: dict[str, dict[str, Any]] = {
    "kangaroo": {"walks_on_n_legs": 2, "height": 1.8, "weight": 65.0, "has_wings": False, "has_tail": True},
    "elephant": {"walks_on_n_legs": 4, "height": 3.0, "weight": 4500.0, "has_wings": False, "has_tail": True},
    "chicken": {"walks_on_n_legs": 2, "height": 0.3, "weight": 2.0, "has_wings": True, "has_tail": True},
    "dog": {"walks_on_n_legs": 4, "height": 0.5, "weight": 30.0, "has_wings": False, "has_tail": True},
    "unknown": {"walks_on_n_legs": 1, "height": 9.0, "weight": 800.0, "has_wings": True, "has_tail": False},
}
PROTECTED = [
    ("POST", "/predict"),
    ("GET", "/predictions"),
    ("GET", "/predictions/some-id"),
    ("PUT", "/predictions/some-id/feedback"),
    ("GET", "/models"),
    ("GET", "/models/current"),
    ("GET", "/models/20260101T000000Z-00000000"),
    ("GET", "/models/20260101T000000Z-00000000/rows"),
    ("GET", "/models/current/rows"),
    ("GET", "/metrics"),
    ("POST", "/retrain"),
    ("GET", "/retrain"),
    ("GET", "/retrain/some-id"),
    ("PUT", "/models/current"),
]
OPEN = ["/health", "/docs", "/openapi.json"]


def is_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= set(problem)
    return problem


@pytest.mark.usefixtures("api_keys_are_checked")
@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("key", [None, "wrong", ""])
def test_a_route_refuses_requests_without_a_valid_key(
    addresses: StackAddresses, method: str, path: str, key: str | None
) -> None:
    headers = {} if key is None else {"x-api-key": key}
    answer = httpx2.request(method, addresses.api_url + path, headers=headers, timeout=LIMIT_SECONDS)
    assert answer.status_code == 403
    assert answer.json() == {"message": "Forbidden"}


@pytest.mark.parametrize("path", OPEN)
def test_health_and_documentation_are_open(addresses: StackAddresses, path: str) -> None:
    assert httpx2.get(addresses.api_url + path, timeout=LIMIT_SECONDS).status_code == 200


def test_every_documented_route_exists(api: httpx2.Client) -> None:
    document = api.get("/openapi.json").json()
    documented = {(m.upper(), p) for p, methods in document["paths"].items() for m in methods}
    assert {p for _, p in documented} >= {"/predict", "/retrain", "/models/current", "/health"}
    for method, path in documented:
        concrete = path.format(prediction_id="x", version="current", job_id="x")
        answer = api.request(method, concrete, content=b"{" if method != "GET" else None)
        assert answer.json() != {"message": "Missing Authentication Token"}


def test_health_has_the_version_of_the_current_model(api: httpx2.Client) -> None:
    health = api.get("/health").json()
    assert health["status"] == "ok"
    assert health["model_version"] == api.get("/models").json()["current"]


def test_every_species_is_recognised_and_stored(api: httpx2.Client) -> None:
    answer = api.post("/predict", json={"animals": list(ANIMALS.values())})
    assert answer.status_code == 200
    body = answer.json()
    assert [p["species"] for p in body["predictions"]] == list(ANIMALS)
    for prediction, animal in zip(body["predictions"], ANIMALS.values(), strict=True):
        assert prediction["confidence"] == pytest.approx(max(prediction["probabilities"].values()))
        assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert prediction["species"] in prediction["prediction_set"]
        stored = api.get(f"/predictions/{prediction['id']}").json()
        assert stored["animal"] == animal
        assert stored["model_version"] == body["model_version"]
        assert stored["created_at"] == body["created_at"]
        assert {k: stored[k] for k in prediction} == prediction


def test_a_request_may_have_a_thousand_animals(api: httpx2.Client) -> None:
    animals = [{**ANIMALS["dog"], "weight": 10 + n / 100} for n in range(1000)]
    predictions = api.post("/predict", json={"animals": animals}).json()["predictions"]
    assert len({p["id"] for p in predictions}) == 1000
    last = api.get(f"/predictions/{predictions[-1]['id']}").json()
    assert last["animal"]["weight"] == pytest.approx(19.99)


def pages(api: httpx2.Client, **query: Any) -> Iterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        answer = api.get("/predictions", params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        yield answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return


def test_pages_of_the_history_are_newest_first_without_gaps_or_repetitions(api: httpx2.Client) -> None:
    started = api.post("/predict", json={"animals": [ANIMALS["dog"]]}).json()["created_at"]
    made = [api.post("/predict", json={"animals": [ANIMALS["chicken"]] * 7}).json() for _ in range(3)]
    expected = {p["id"] for body in made for p in body["predictions"]}
    items = [item for page in pages(api, limit=5, **{"from": started}, species="chicken") for item in page]
    assert [i["id"] for i in items if i["id"] in expected] == [i["id"] for i in items]
    assert {i["id"] for i in items} == expected
    times = [i["created_at"] for i in items]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"walks_on_n_legs": 9}, "walks_on_n_legs"),
        ({"walks_on_n_legs": -1}, "walks_on_n_legs"),
        ({"walks_on_n_legs": 2.5}, "walks_on_n_legs"),
        ({"height": -1}, "height"),
        ({"height": 1e6}, "height"),
        ({"height": "tall"}, "height"),
        ({"weight": None}, "weight"),
        ({"weight": 0}, "weight"),
        ({"has_wings": "no"}, "has_wings"),
        ({"colour": "grey"}, "colour"),
    ],
)
def test_an_invalid_animal_is_a_422_that_names_the_field(
    api: httpx2.Client, change: dict[str, Any], field: str
) -> None:
    animals = [ANIMALS["dog"], {**ANIMALS["dog"], **change}]
    problem = is_problem(api.post("/predict", json={"animals": animals}), 422)
    assert [e["field"] for e in problem["errors"]] == [f"animals.1.{field}"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"animals": []}',
        b"{}",
        b"[]",
        b"not json",
        b'{"animals": [{"walks_on_n_legs": 4, "height": NaN, "weight": 3, "has_wings": false, "has_tail": true}]}',
        b'{"animals": [{"walks_on_n_legs": 4, "height": 1e999, "weight": 3, "has_wings": false, "has_tail": true}]}',
        b'{"animals": [{"walks_on_n_legs": ' + b"4" * 5000 + b', "height": 1, "weight": 3}]}',
    ],
    ids=["no animals", "no field", "a list", "no JSON", "NaN", "infinity", "a number of 5000 digits"],
)
def test_an_invalid_body_is_a_422(api: httpx2.Client, content: bytes) -> None:
    is_problem(api.post("/predict", content=content, headers={"content-type": "application/json"}), 422)


def test_a_thousand_and_one_animals_are_too_many(api: httpx2.Client) -> None:
    problem = is_problem(api.post("/predict", json={"animals": [ANIMALS["dog"]] * 1001}), 422)
    assert problem["errors"][0]["field"] == "animals"


@pytest.mark.parametrize("version", ["current", "by version"])
def test_a_model_returns_a_sample_of_its_training_rows(api: httpx2.Client, version: str) -> None:
    model = api.get("/models/current").json()
    version = version if version == "current" else model["version"]
    rows = api.get(f"/models/{version}/rows", params={"limit": 10}).json()
    assert (rows["version"], rows["total"]) == (model["version"], model["training"]["rows"])
    assert len(rows["items"]) == 10
    assert all(set(row) == set(ANIMALS["dog"]) for row in rows["items"])


def test_metrics_cover_the_requested_time(api: httpx2.Client) -> None:
    answer = api.get("/metrics", params={"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T02:00:00Z", "period": 600})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["from"], answer.json()["period_seconds"]) == ("2026-01-01T00:00:00Z", 600)
    series = {(s["source"], s["metric"]): s["points"] for s in api.get("/metrics").json()["series"]}
    assert {("predict", "Invocations"), ("train", "Duration"), ("api", "Latency")} <= set(series)
    # Which metrics have points depends on the target: LocalStack counts invocations only.
    assert all(point["value"] >= 0 for points in series.values() for point in points)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/predictions", {"limit": 0}, "limit"),
        ("/predictions", {"limit": 101}, "limit"),
        ("/predictions", {"from": "yesterday"}, "from"),
        ("/predictions", {"species": "unicorn"}, "species"),
        ("/predictions", {"cursor": "!!"}, "cursor"),
        ("/metrics", {"period": 61}, "period"),
        ("/models/current/rows", {"limit": 0}, "limit"),
    ],
)
def test_an_invalid_query_is_a_422_that_names_the_field(
    api: httpx2.Client, path: str, query: dict[str, Any], field: str
) -> None:
    problem = is_problem(api.get(path, params=query), 422)
    assert field in [e["field"] for e in problem["errors"]]


@pytest.mark.parametrize(
    "path",
    [
        "/predictions/nobody",
        "/retrain/01KG9YS7G0CMGJ51PYK3YN6HD1",
        "/models/20200101T000000Z-00000000",
        "/models/20200101T000000Z-00000000/rows",
        "/models/nonsense",
    ],
)
def test_an_unknown_id_is_a_404(api: httpx2.Client, path: str) -> None:
    is_problem(api.get(path), 404)


def test_an_unknown_model_is_a_404_for_prediction_and_promotion(api: httpx2.Client) -> None:
    missing = "20200101T000000Z-00000000"
    is_problem(api.post("/predict", json={"animals": [ANIMALS["dog"]], "model_version": missing}), 404)
    is_problem(api.put("/models/current", json={"version": missing}), 404)


def wait_for_job(api: httpx2.Client, job_id: str) -> dict[str, Any]:
    """Return a job once it has succeeded or failed."""

    def job() -> dict[str, Any] | None:
        job: dict[str, Any] = api.get(f"/retrain/{job_id}").json()
        return job if job["status"] in ("succeeded", "failed") else None

    return wait_until(job, what=f"job {job_id} to end")


def wait_until_idle(api: httpx2.Client) -> None:
    """Return once all jobs have ended."""
    for job in api.get("/retrain").json()["items"]:
        wait_for_job(api, job["job_id"])


def wait_until_served(api: httpx2.Client, version: str) -> None:
    """Return once predictions are from this model; the function checks the pointer every few seconds."""
    body = {"animals": [ANIMALS["dog"]]}
    wait_until(
        lambda: api.post("/predict", json=body).json()["model_version"] == version, what=f"model {version} to be served"
    )


def test_retraining_makes_a_model_that_can_be_promoted_and_rolled_back(api: httpx2.Client) -> None:
    wait_until_idle(api)
    before = api.get("/models").json()["current"]
    body = {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 600}, "promote": "never"}
    answer = api.post("/retrain", json=body)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["job_id"]
    assert answer.headers["location"].endswith(f"/retrain/{job_id}")
    assert answer.json()["status"] == "queued"
    is_problem(api.post("/retrain", json=body), 409)
    job = wait_for_job(api, job_id)
    assert job["status"] == "succeeded", job
    assert job["promoted"] is False
    assert job["progress"] == 1
    assert job["metrics"]["accuracy"] > 0.9
    assert job_id in [j["job_id"] for j in api.get("/retrain").json()["items"]]
    models = api.get("/models").json()
    assert models["current"] == before
    assert job["model_version"] in [m["version"] for m in models["items"]]
    prediction = {"animals": [ANIMALS["dog"]], "model_version": job["model_version"]}
    assert api.post("/predict", json=prediction).json()["model_version"] == job["model_version"]
    for version in (job["model_version"], before):
        assert api.put("/models/current", json={"version": version}).status_code == 200
        assert api.get("/models/current").json()["version"] == version
        wait_until_served(api, version)


@pytest.mark.parametrize(
    "body",
    [
        {"source": {"kind": "data-service", "number_of_datapoints": 0}},
        {"source": {"kind": "oracle"}},
        {"promote": "perhaps"},
        {"sources": []},
    ],
)
def test_an_invalid_retraining_request_is_a_422(api: httpx2.Client, body: dict[str, Any]) -> None:
    assert is_problem(api.post("/retrain", json=body), 422)["errors"]
