"""The client by its transport: what it sends, how it reads answers, and one error for each thing that goes wrong."""

import json
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from frontend.api.client import ApiClient
from frontend.api.contract import Animal
from frontend.api.errors import (
    ApiError,
    Busy,
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    Rejected,
    ServerError,
    Unreachable,
)
from frontend.api.job_contract import TrainingRequest
from frontend.api.settings import Settings

BASE = "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"
DOG = Animal(walks_on_n_legs=4, height=0.5, weight=25.0, has_wings=False, has_tail=True)
ANSWER = {
    "id": "01KG9YS7G0D4HAWTBSEDNRP5HY-0",
    "species": "dog",
    "confidence": 0.97,
    "probabilities": {"dog": 0.97, "unknown": 0.03},
    "prediction_set": ["dog"],
}
ENVELOPE = {"request_id": "r", "model_version": "v", "created_at": "2026-01-31T12:00:00Z"}


def client(handler: Callable[[httpx2.Request], httpx2.Response]) -> ApiClient:
    http = httpx2.Client(base_url=BASE, transport=httpx2.MockTransport(handler), headers={"x-api-key": "k"}, timeout=9)
    return ApiClient(http)


def answering(status: int = 200, **answer: Any) -> tuple[ApiClient, list[httpx2.Request]]:
    asked: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(status, **answer)

    return client(handler), asked


def test_the_stage_stays_in_front_of_every_path() -> None:
    api, asked = answering(json={"status": "ok", "model_version": "v"})
    assert api.health().model_version == "v"
    assert str(asked[0].url) == f"{BASE}/health"


def test_a_prediction_joins_the_answer_with_the_animal_that_was_sent() -> None:
    api, asked = answering(json={**ENVELOPE, "predictions": [ANSWER]})
    (prediction,) = api.predict([DOG])
    assert json.loads(asked[0].content) == {"animals": [DOG.to_json()]}
    assert asked[0].headers["x-api-key"] == "k"
    assert prediction.animal == DOG
    assert (prediction.species, prediction.confidence, prediction.prediction_set) == ("dog", 0.97, ["dog"])
    assert prediction.model_version == "v"
    assert prediction.created_at == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_prediction_has_no_key_and_no_model_unless_they_are_given() -> None:
    api, asked = answering(json={**ENVELOPE, "predictions": [ANSWER]})
    api.predict([DOG])
    api.predict([DOG], model_version="v0", idempotency_key="k-0")
    assert "idempotency-key" not in asked[0].headers
    assert asked[1].headers["idempotency-key"] == "k-0"
    assert json.loads(asked[1].content)["model_version"] == "v0"


def test_one_prediction_is_asked_for_by_its_id_whatever_is_in_it() -> None:
    stored = {**ANSWER, "created_at": "2026-01-31T12:00:00Z", "animal": DOG.to_json(), "model_version": "v"}
    api, asked = answering(json=stored)
    assert api.prediction(str(ANSWER["id"])).species == "dog"
    api.prediction("../models?x=1")
    assert [request.url.raw_path.decode().removeprefix("/_aws/execute-api/abc123/v1") for request in asked] == [
        f"/predictions/{ANSWER['id']}",
        "/predictions/..%2Fmodels%3Fx%3D1",
    ]


def test_metrics_are_asked_for_with_both_ends_and_read_by_their_names() -> None:
    points = [{"at": "2026-01-31T12:00:00Z", "value": 3}, {"at": "2026-01-31T12:01:00Z", "value": 4.0}]
    named = {"source": "predict", "metric": "Invocations", "statistic": "Sum", "unit": "count", "points": points}
    ends = {"from": "2026-01-31T11:00:00Z", "to": "2026-01-31T13:00:00Z", "period_seconds": 60}
    api, asked = answering(json={**ends, "series": [named]})
    start, end = datetime(2026, 1, 31, 11, tzinfo=UTC), datetime(2026, 1, 31, 13, tzinfo=UTC)
    metrics = api.metrics(start, end, 60)
    assert dict(asked[0].url.params) == {"from": start.isoformat(), "to": end.isoformat(), "period": "60"}
    assert (metrics.start, metrics.end, metrics.period_s) == (start, end, 60)
    assert metrics.total("predict", "Invocations") == 7
    assert metrics.of("predict", "Invocations")[0] == (datetime(2026, 1, 31, 12, tzinfo=UTC), 3)
    assert metrics.of("api", "Latency", "p95") == ()


def test_rows_of_training_are_animals() -> None:
    api, asked = answering(json={"version": "v", "total": 9000, "items": [DOG.to_json()]})
    rows = api.training_rows("v", 1)
    assert asked[0].url.path.endswith("/models/v/rows")
    assert dict(asked[0].url.params) == {"limit": "1"}
    assert (rows.version, rows.total, rows.animals) == ("v", 9000, [DOG])


def test_a_page_is_asked_for_with_what_is_given_and_nothing_else() -> None:
    api, asked = answering(json={"items": [], "next_cursor": "c2"})
    page = api.predictions(species="dog", since=datetime(2026, 1, 31, tzinfo=UTC), limit=50)
    assert dict(asked[0].url.params) == {"species": "dog", "from": "2026-01-31T00:00:00+00:00", "limit": "50"}
    assert page.next_cursor == "c2"


def test_a_cursor_goes_back_as_it_came() -> None:
    api, asked = answering(json={"items": [], "next_cursor": None})
    api.predictions(cursor="a+b/c==")
    assert asked[0].url.params["cursor"] == "a+b/c=="


@pytest.mark.parametrize("ask", [ApiClient.health, ApiClient.model, lambda api: api.predict([DOG])])
def test_no_question_goes_out_without_a_timeout(ask: Callable[[ApiClient], object]) -> None:
    api, asked = answering(status=500)
    with pytest.raises(ServerError):
        ask(api)
    assert 0 < asked[0].extensions["timeout"]["read"] <= 9
    assert asked[0].extensions["timeout"]["connect"] is not None


def test_a_client_of_its_own_waits_as_long_as_the_settings_say() -> None:
    api = ApiClient.connect(Settings(BASE, "k", timeout_s=2.0))
    assert api._http.timeout == httpx2.Timeout(2.0, connect=2.0)
    api.close()


@pytest.mark.parametrize(("url", "uses_proxies"), [(BASE, False), ("http://localhost/v1", False), ("http://a.b", True)])
def test_a_proxy_is_not_asked_for_the_way_to_this_machine(url: str, uses_proxies: bool) -> None:
    api = ApiClient.connect(Settings(url, "k"))
    assert api._http.trust_env is uses_proxies
    api.close()


@pytest.mark.parametrize("url", ["https://a.b/v1", "HTTPS://a.b/v1"])
def test_certificates_are_checked_wherever_there_are_any(url: str) -> None:
    api = ApiClient.connect(Settings(url, "k"))
    transport: Any = api._http._transport
    assert transport._pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
    api.close()


PROBLEM = {"type": "about:blank", "title": "Unprocessable Content", "status": 422, "detail": "1 field cannot be used."}


@pytest.mark.parametrize(
    ("status", "answer", "kind", "said"),
    [
        (403, {"json": {"message": "Forbidden"}}, Forbidden, "does not accept this key"),
        (403, {"json": {"message": "Missing Authentication Token"}}, Forbidden, "no such address"),
        (404, {"json": {"title": "Not Found", "detail": "There is no such model."}}, NotFound, "no such model"),
        (404, {"text": "<html>"}, NotFound, "does not know this"),
        (409, {"json": {"detail": "A job is running."}}, Conflict, "A job is running."),
        (413, {"json": {"message": "Request Too Long"}}, Rejected, "Request Too Long."),
        (422, {"json": PROBLEM}, Rejected, "1 field cannot be used."),
        (429, {"json": {"message": "Limit Exceeded"}}, Busy, "more requests"),
        (503, {"json": {"detail": "No model yet."}}, Busy, "No model yet."),
        (500, {"json": {"detail": "boom"}}, ServerError, "status 500"),
        (502, {"json": {"message": "Internal server error"}}, ServerError, "status 502"),
        (504, {"json": {"message": "Endpoint request timed out"}}, ServerError, "longer than the gateway waits"),
        (302, {"headers": {"location": "http://elsewhere/"}}, ServerError, "status 302"),
    ],
)
def test_each_status_is_an_error_of_its_own_that_says_what_to_do(
    status: int, answer: dict[str, Any], kind: type[ApiError], said: str
) -> None:
    api, _ = answering(status, **answer)
    with pytest.raises(kind) as caught:
        api.model()
    assert said in str(caught.value)
    assert caught.value.advice.endswith((".", "`."))


def test_a_rejection_names_the_fields() -> None:
    errors = [{"field": "animals.0.height", "message": "too tall"}, "not a field"]
    api, _ = answering(422, json={**PROBLEM, "errors": errors})
    with pytest.raises(Rejected) as caught:
        api.predict([DOG])
    assert caught.value.fields == (FieldError("animals.0.height", "too tall"),)


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
    ("raised", "said"),
    [
        (httpx2.ConnectError("refused"), "cannot be reached"),
        (httpx2.RemoteProtocolError("gone"), "cannot be reached"),
        (httpx2.ConnectTimeout("slow"), "does not answer in time"),
        (httpx2.ReadTimeout("slow"), "does not answer in time"),
    ],
)
def test_no_answer_at_all_is_unreachable_and_names_the_address(raised: Exception, said: str) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise raised

    with pytest.raises(Unreachable) as caught:
        client(handler).health()
    assert f"The API at {BASE} {said}" in str(caught.value)
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
def test_an_answer_that_is_not_the_apis_is_said_to_be_so(answer: dict[str, Any]) -> None:
    api, _ = answering(**answer)
    with pytest.raises(ServerError, match="does not speak this application's language"):
        api.predictions()


@pytest.mark.parametrize("height", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_before_it_is_sent(height: float) -> None:
    api, asked = answering(json={})
    with pytest.raises(Rejected, match="no number"):
        api.predict([replace(DOG, height=height)])
    assert not asked


def test_fewer_answers_than_animals_are_not_taken_for_an_answer() -> None:
    api, _ = answering(json={**ENVELOPE, "predictions": [ANSWER]})
    with pytest.raises(ServerError):
        api.predict([DOG, DOG])


MANIFEST = {
    "version": "v2",
    "created_at": "2026-01-31T12:00:00Z",
    "thresholds": {"target_coverage": 0.95},
    "metrics": {"accuracy": 0.99, "rows": 200},
    "training": {"kind": "data-service", "rows": 1000},
}
JOB = {
    "job_id": "j",
    "status": "running",
    "request": {"source": {"kind": "feedback"}, "promote": "never"},
    "created_at": "2026-01-31T12:00:00Z",
}
STORED = {**ANSWER, "created_at": "2026-01-31T12:00:00Z", "model_version": "v", "animal": DOG.to_json()}


@pytest.mark.parametrize(
    ("ask", "answer", "method", "path", "body"),
    [
        (lambda api: api.models(), {"current": "v2", "items": [MANIFEST]}, "GET", "/models", None),
        (lambda api: api.model("v2"), MANIFEST, "GET", "/models/v2", None),
        (lambda api: api.promote("v2"), {"version": "v2"}, "PUT", "/models/current", {"version": "v2"}),
        (lambda api: api.jobs(), {"items": [JOB]}, "GET", "/retrain?limit=20", None),
        (lambda api: api.job("j"), JOB, "GET", "/retrain/j", None),
        (
            lambda api: api.retrain(TrainingRequest(seed=7)),
            JOB,
            "POST",
            "/retrain",
            {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 1000}, "promote": "if-better"},
        ),
        (
            lambda api: api.give_feedback("id-0", "dog"),
            {**STORED, "feedback": {"species": "dog", "given_at": "2026-01-31T13:00:00Z"}},
            "PUT",
            "/predictions/id-0/feedback",
            {"species": "dog"},
        ),
    ],
)
def test_every_route_is_asked_as_the_contract_has_it(
    ask: Callable[[ApiClient], object], answer: dict[str, Any], method: str, path: str, body: dict[str, Any] | None
) -> None:
    api, asked = answering(json=answer)
    assert ask(api)
    assert (asked[0].method, str(asked[0].url)) == (method, BASE + path)
    assert json.loads(asked[0].content or b"null") == body
    assert asked[0].extensions["timeout"]["read"]


def test_every_call_is_noted_with_its_route_and_status() -> None:
    api, _ = answering(json=JOB)
    api.job("j")
    failing, _ = answering(503)
    with pytest.raises(Busy):
        failing.models()
    (call,) = api.calls()
    assert (call.route, call.status, call.failed) == ("GET /retrain/{job_id}", 200, False)
    assert call.milliseconds >= 0
    assert [(each.route, each.status, each.failed) for each in failing.calls()] == [("GET /models", 503, True)]


def test_a_call_without_an_answer_is_noted_too() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    api = client(refuse)
    with pytest.raises(Unreachable):
        api.health()
    assert [(call.status, call.failed) for call in api.calls()] == [(None, True)]
