"""The client with a fake transport: requests, parsed documents, and one error for each kind of failure."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from frontend.api.client import ApiClient
from frontend.api.errors import ApiError, Busy, Conflict, Forbidden, NotFound, Rejected, ServerError, Unreachable
from frontend.api.settings import Settings, SettingsMissing
from menagerie.animal import CLASSES, Species
from menagerie.api import FieldError, Models, PredictResponse, Problem, TrainingRows
from menagerie.job import DataServiceSource, DatasetSource, Job, JobStatus, TrainingRequest
from menagerie.prediction import Feedback, Prediction, PredictionPage
from tests.samples import DOG, NOON, manifest_of

BASE = "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"
MANIFEST = manifest_of(b"model")
JOB = Job(job_id="j", status=JobStatus.RUNNING, request=TrainingRequest(), created_at=NOON, deadline=NOON)
STORED = Prediction(
    id="01KG9YS7G0D4HAWTBSEDNRP5HY-0",
    created_at=NOON,
    animal=DOG,
    species=Species.DOG,
    confidence=0.92,
    probabilities={species: 0.92 if species is Species.DOG else 0.02 for species in CLASSES},
    prediction_set=[Species.DOG],
    model_version="v",
)
ANSWER = PredictResponse.model_validate(
    {
        "request_id": "01KG9YS7G0D4HAWTBSEDNRP5HY",
        "model_version": "v",
        "created_at": NOON,
        "predictions": [STORED.model_dump(include={"id", "species", "confidence", "probabilities", "prediction_set"})],
    }
)


def client(handler: Callable[[httpx2.Request], httpx2.Response]) -> ApiClient:
    http = httpx2.Client(base_url=BASE, transport=httpx2.MockTransport(handler), headers={"x-api-key": "k"}, timeout=9)
    return ApiClient(http)


def answering(status: int = 200, **answer: Any) -> tuple[ApiClient, list[httpx2.Request]]:
    requests: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(status, **answer)

    return client(handler), requests


def problem(detail: str, **more: Any) -> dict[str, Any]:
    """Return what a response with a problem document takes."""
    return {"json": Problem(title="Refused", status=400, detail=detail, **more).model_dump(exclude_none=True)}


def test_the_stage_stays_in_front_of_every_path() -> None:
    api, requests = answering(json={"status": "ok", "model_version": "v"})
    assert api.health().model_version == "v"
    assert str(requests[0].url) == f"{BASE}/health"


def test_a_prediction_joins_the_answer_with_the_animal_that_was_sent() -> None:
    api, requests = answering(content=ANSWER.model_dump_json())
    assert api.predict([DOG]) == [STORED]
    assert json.loads(requests[0].content) == {"animals": [DOG.model_dump()]}
    assert requests[0].headers["x-api-key"] == "k"


def test_a_prediction_has_no_key_and_no_model_unless_they_are_given() -> None:
    api, requests = answering(content=ANSWER.model_dump_json())
    api.predict([DOG])
    api.predict([DOG], model_version="v0", idempotency_key="k-0")
    assert "idempotency-key" not in requests[0].headers
    assert requests[1].headers["idempotency-key"] == "k-0"
    assert json.loads(requests[1].content)["model_version"] == "v0"


def test_an_id_is_escaped_in_the_path() -> None:
    api, requests = answering(content=STORED.model_dump_json())
    assert api.prediction(STORED.id) == STORED
    api.prediction("../models?x=1")
    assert [request.url.raw_path.decode().removeprefix("/_aws/execute-api/abc123/v1") for request in requests] == [
        f"/predictions/{STORED.id}",
        "/predictions/..%2Fmodels%3Fx%3D1",
    ]


def test_metrics_are_requested_with_both_ends() -> None:
    points = [{"at": "2026-01-31T12:00:00Z", "value": 3}, {"at": "2026-01-31T12:01:00Z", "value": 4.0}]
    named = {"source": "predict", "metric": "Invocations", "statistic": "Sum", "unit": "count", "points": points}
    ends = {"from": "2026-01-31T11:00:00Z", "to": "2026-01-31T13:00:00Z", "period_seconds": 60}
    api, requests = answering(json={**ends, "series": [named]})
    start, end = datetime(2026, 1, 31, 11, tzinfo=UTC), datetime(2026, 1, 31, 13, tzinfo=UTC)
    metrics = api.metrics(start, end, 60)
    assert dict(requests[0].url.params) == {"from": start.isoformat(), "to": end.isoformat(), "period": "60"}
    assert (metrics.start, metrics.end, metrics.period_seconds) == (start, end, 60)
    assert metrics.total("predict", "Invocations") == 7
    assert metrics.points("predict", "Invocations")[0] == (NOON, 3)
    assert metrics.points("api", "Latency", "p95") == []


def test_a_page_is_requested_with_the_filters_given_and_no_others() -> None:
    api, requests = answering(json={"items": [], "next_cursor": "c2"})
    page = api.predictions(species="dog", since=datetime(2026, 1, 31, tzinfo=UTC), limit=50)
    assert dict(requests[0].url.params) == {"species": "dog", "from": "2026-01-31T00:00:00+00:00", "limit": "50"}
    assert page.next_cursor == "c2"


def test_a_cursor_is_sent_back_unchanged() -> None:
    api, requests = answering(json={"items": [], "next_cursor": None})
    api.predictions(cursor="a+b/c==")
    assert requests[0].url.params["cursor"] == "a+b/c=="


@pytest.mark.parametrize("call", [ApiClient.health, ApiClient.model, lambda api: api.predict([DOG])])
def test_every_request_has_a_timeout(call: Callable[[ApiClient], object]) -> None:
    api, requests = answering(status=500)
    with pytest.raises(ServerError):
        call(api)
    assert 0 < requests[0].extensions["timeout"]["read"] <= 9
    assert requests[0].extensions["timeout"]["connect"] is not None


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def test_a_client_waits_as_long_as_the_settings_say(silent: str) -> None:
    api = ApiClient.connect(Settings(silent, "k", timeout_s=0.05))
    with pytest.raises(Unreachable, match="does not answer in time"):
        api.models()
    assert 50 <= api.calls()[0].milliseconds < 5000
    api.close()


def test_loopback_is_requested_without_the_proxy_of_the_environment(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    api = ApiClient.connect(Settings(silent, "k", timeout_s=0.05))
    # The proxy would refuse the connection at once.
    with pytest.raises(Unreachable, match="does not answer in time"):
        api.models()
    api.close()


def test_a_proxy_that_cannot_be_used_is_a_missing_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "nonsense://x")
    with pytest.raises(SettingsMissing, match=r"^The proxy or the certificates in the environment cannot be used"):
        ApiClient.connect(Settings("http://api.example/v1", "k"))


@pytest.mark.parametrize(
    ("status", "answer", "kind", "text"),
    [
        (403, {"json": {"message": "Forbidden"}}, Forbidden, "does not accept this key"),
        (403, {"json": {"message": "Missing Authentication Token"}}, Forbidden, "no such address"),
        (403, {"json": {"title": "Refused", "detail": "Missing Authentication Token"}}, Forbidden, "no such address"),
        (403, problem("This takes the operator's key"), Forbidden, "This takes the operator's key."),
        (404, problem("There is no such model."), NotFound, "There is no such model."),
        (404, {"text": "<html>"}, NotFound, "does not have this item"),
        (409, problem("A job is running."), Conflict, "A job is running."),
        (413, {"json": {"message": "Request Too Long"}}, Rejected, "Request Too Long."),
        (422, problem("1 field cannot be used."), Rejected, "1 field cannot be used."),
        (422, {"json": {"detail": [{"msg": "no"}]}}, Rejected, "The request is not valid."),
        (429, {"json": {"message": "Limit Exceeded"}}, Busy, "more requests"),
        (503, problem("No model yet."), Busy, "No model yet."),
        (500, problem("boom"), ServerError, "status 500"),
        (502, {"json": {"message": "Internal server error"}}, ServerError, "status 502"),
        (504, {"json": {"message": "Endpoint request timed out"}}, ServerError, "before the gateway's timeout"),
        (302, {"headers": {"location": "http://elsewhere/"}}, ServerError, "status 302"),
    ],
)
def test_each_status_is_an_error_of_its_own_with_advice(
    status: int, answer: dict[str, Any], kind: type[ApiError], text: str
) -> None:
    api, _ = answering(status, **answer)
    with pytest.raises(kind) as caught:
        api.model()
    assert text in str(caught.value)
    assert caught.value.advice.endswith((".", "`."))


def test_a_rejection_names_the_fields() -> None:
    fields = [FieldError(field="animals.0.height", message="too tall")]
    api, _ = answering(422, **problem("1 field cannot be used.", errors=fields))
    with pytest.raises(Rejected) as caught:
        api.predict([DOG])
    assert caught.value.fields == tuple(fields)


def test_values_that_a_model_refuses_are_a_rejection_like_the_apis() -> None:
    with pytest.raises(ValidationError) as caught:
        DatasetSource(key="zoo.csv")
    rejected = Rejected.of(caught.value)
    assert str(rejected) == "1 field cannot be used."
    assert [(each.field, each.message[:27]) for each in rejected.fields] == [("key", "String should match pattern")]


@pytest.mark.parametrize(
    ("header", "seconds", "advice"),
    [
        ({"retry-after": "5"}, 5, "Try again in 5 seconds."),
        ({"retry-after": "1"}, 1, "Try again in 1 second."),
        ({"retry-after": "Fri, 31 Jan 2026 12:00:00 GMT"}, None, "Try again in a moment."),
        ({}, None, "Try again in a moment."),
    ],
)
def test_a_busy_api_says_when_to_come_back(header: dict[str, str], seconds: int | None, advice: str) -> None:
    api, _ = answering(503, headers=header)
    with pytest.raises(Busy) as caught:
        api.health()
    assert (caught.value.retry_after, caught.value.advice) == (seconds, advice)


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (httpx2.ConnectError("refused"), "cannot be reached"),
        (httpx2.RemoteProtocolError("gone"), "cannot be reached"),
        (httpx2.ConnectTimeout("slow"), "does not answer in time"),
        (httpx2.ReadTimeout("slow"), "does not answer in time"),
    ],
)
def test_no_response_is_unreachable_and_names_the_address(raised: Exception, text: str) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise raised

    with pytest.raises(Unreachable) as caught:
        client(handler).health()
    assert f"The API at {BASE} {text}" in str(caught.value)
    assert "make up" in caught.value.advice


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "<html>Welcome to nginx</html>"},
        {"json": []},
        {"json": {"items": [{"id": "x"}], "next_cursor": None}},
        {"json": {"items": None}},
        {"content": b"\xff\xfe"},
    ],
)
def test_a_document_of_another_service_is_a_server_error(answer: dict[str, Any]) -> None:
    api, _ = answering(**answer)
    with pytest.raises(ServerError, match=f"The response from {BASE} is not in the expected format"):
        api.predictions()


def test_fewer_answers_than_animals_are_a_server_error() -> None:
    api, _ = answering(content=ANSWER.model_dump_json())
    with pytest.raises(ServerError):
        api.predict([DOG, DOG])


# Their keys are data: species, names of libraries or of metrics.
MAPS = {"probabilities", "minimum_probability", "rows_by_label", "per_class", "definitions", "libraries"}


def newer(document: Any, name: str = "") -> Any:
    """Return a document with one more field in every object."""
    if isinstance(document, dict):
        fields = {key: newer(value, key) for key, value in document.items()}
        return fields if name in MAPS else {**fields, "added": {"in": "v2"}}
    return [newer(value) for value in document] if isinstance(document, list) else document


@pytest.mark.parametrize(
    ("call", "document"),
    [
        (lambda api: api.models(), Models(current=MANIFEST.version, items=[MANIFEST])),
        (lambda api: api.model("v"), MANIFEST),
        (lambda api: api.job("j"), JOB.model_copy(update={"metrics": MANIFEST.metrics})),
        (lambda api: api.predictions(), PredictionPage(items=[STORED], next_cursor="c")),
        (lambda api: api.training_rows("v"), TrainingRows(version="v", total=9, items=[DOG])),
    ],
    ids=["models", "manifest", "job", "predictions", "rows"],
)
def test_fields_that_only_a_newer_api_has_are_ignored(call: Callable[[ApiClient], object], document: Any) -> None:
    api, _ = answering(json=newer(document.model_dump(mode="json")))
    assert call(api) == document


@pytest.mark.parametrize(
    ("call", "answer", "method", "path", "body"),
    [
        (lambda api: api.models(), Models(current="v2", items=[MANIFEST]), "GET", "/models", None),
        (lambda api: api.model("v2"), MANIFEST, "GET", "/models/v2", None),
        (
            lambda api: api.training_rows("v", 1),
            TrainingRows(version="v", total=9, items=[DOG]),
            "GET",
            "/models/v/rows?limit=1",
            None,
        ),
        (
            lambda api: api.promote("v2"),
            {"version": "v2", "promoted_at": "2026-01-31T12:00:00Z"},
            "PUT",
            "/models/current",
            {"version": "v2"},
        ),
        (lambda api: api.jobs(), {"items": [JOB.model_dump(mode="json")]}, "GET", "/retrain?limit=20", None),
        (lambda api: api.job("j"), JOB, "GET", "/retrain/j", None),
        (
            lambda api: api.retrain(TrainingRequest(source=DataServiceSource(seed=7))),
            JOB,
            "POST",
            "/retrain",
            {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 1000}, "promote": "if-better"},
        ),
        (
            lambda api: api.give_feedback("id-0", "dog"),
            STORED.model_copy(update={"feedback": Feedback(species=Species.DOG, given_at=NOON)}),
            "PUT",
            "/predictions/id-0/feedback",
            {"species": "dog"},
        ),
    ],
)
def test_every_route_is_requested_as_the_contract_has_it(
    call: Callable[[ApiClient], object], answer: Any, method: str, path: str, body: dict[str, Any] | None
) -> None:
    api, requests = answering(json=answer if isinstance(answer, dict) else answer.model_dump(mode="json"))
    assert call(api)
    assert (requests[0].method, str(requests[0].url)) == (method, BASE + path)
    assert json.loads(requests[0].content or b"null") == body
    assert requests[0].extensions["timeout"]["read"]


def test_every_call_is_logged_with_its_route_and_status() -> None:
    api, _ = answering(content=JOB.model_dump_json())
    api.job("j")
    failing, _ = answering(503)
    with pytest.raises(Busy):
        failing.models()
    (call,) = api.calls()
    assert (call.route, call.status, call.failed) == ("GET /retrain/{job_id}", 200, False)
    assert call.milliseconds >= 0
    assert [(each.route, each.status, each.failed) for each in failing.calls()] == [("GET /models", 503, True)]


def test_a_call_without_a_response_is_logged_too() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    api = client(refuse)
    with pytest.raises(Unreachable):
        api.health()
    assert [(call.status, call.failed) for call in api.calls()] == [(None, True)]
