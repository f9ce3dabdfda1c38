"""The operator's key is required to start jobs and promote models, on every target."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from functions.http.app import lambda_handler
from functions.http.operator_key import OperatorKey
from functions.predict.app import router as predict_routes
from functions.retrain.app import create_app
from functions.retrain.app import router as retrain_routes
from tests.fakes import InMemoryJobs, InMemoryRegistry
from tests.unit.functions.conftest import OTHER, Worker, assert_problem
from tests.unit.functions.gateway import Answer, Context, event

OPERATOR, CLIENT = "operator-key-of-thirty-characters", "client-key-of-thirty-characters-x"
IDS = {OPERATOR: "id-of-operator", CLIENT: "id-of-client"}
BY_DIGEST = OperatorKey(value_sha256=sha256(OPERATOR.encode()).hexdigest())
BY_ID = OperatorKey(key_id=IDS[OPERATOR])
Identity = Callable[[str], dict[str, str | None]]
TARGETS: dict[str, tuple[OperatorKey, Identity]] = {
    "AWS": (BY_ID, lambda key: {"apiKeyId": IDS.get(key), "apiKey": key}),
    "AWS with both": (OperatorKey(BY_ID.key_id, BY_DIGEST.value_sha256), lambda key: {"apiKeyId": IDS.get(key)}),
    "MiniStack": (BY_DIGEST, lambda _: {}),
    "sam local": (BY_DIGEST, lambda _: {"apiKey": None, "apiKeyId": None}),
}
OPERATORS_ROUTES: dict[tuple[str, str], dict[str, str]] = {
    ("POST", "/retrain"): {},
    ("PUT", "/models/current"): {"version": OTHER},
}
KEYS = {
    "none": [],
    "empty": [""],
    "wrong": ["wrong"],
    "client": [CLIENT],
    "both": [CLIENT, OPERATOR],
    "in capitals": [OPERATOR.upper()],
    "not ASCII": ["é"],
}


def send(
    app: Any, method: str, path: str, keys: list[str], identity: dict[str, str | None], body: Any = None
) -> Answer:
    """Send a request as API Gateway passes it on: its event names the API."""
    sent = event(method, path, body=None if body is None else json.dumps(body))
    sent["multiValueHeaders"]["x-api-key"] = keys
    sent["requestContext"]["apiId"] = "abc123"
    sent["requestContext"]["identity"].update(identity)
    result = lambda_handler(app)(sent, Context())  # type: ignore[arg-type]  # what is read of a context
    return Answer(result["statusCode"], result["headers"], result["body"])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("route", OPERATORS_ROUTES, ids=" ".join)
def test_only_the_operators_key_passes(
    jobs: InMemoryJobs, registry: InMemoryRegistry, worker: Worker, route: tuple[str, str], target: str
) -> None:
    operator, identity = TARGETS[target]
    app = create_app(jobs, registry, worker.start, operator=operator, verify=lambda *_: None)
    before = registry.current()
    for keys in KEYS.values():
        if target.startswith("AWS") and keys == KEYS["both"]:
            continue  # there, API Gateway says which of them it took
        problem = assert_problem(send(app, *route, keys, identity("".join(keys)), OPERATORS_ROUTES[route]), 403)
        assert OPERATOR not in str(problem)
    assert (worker.started, registry.current()) == ([], before)
    assert send(app, *route, [OPERATOR], identity(OPERATOR), OPERATORS_ROUTES[route]).status in (200, 202)


@pytest.mark.parametrize("target", TARGETS)
def test_a_clients_key_reads_jobs(jobs: InMemoryJobs, registry: InMemoryRegistry, worker: Worker, target: str) -> None:
    operator, identity = TARGETS[target]
    app = create_app(jobs, registry, worker.start, operator=operator)
    assert send(app, "GET", "/retrain", [CLIENT], identity(CLIENT)).status == 200


def test_without_an_operators_key_every_request_is_refused(
    jobs: InMemoryJobs, registry: InMemoryRegistry, worker: Worker
) -> None:
    app = create_app(jobs, registry, worker.start)
    for keys in ([], [""], [OPERATOR]):
        assert send(app, "POST", "/retrain", keys, {"apiKeyId": ""}, {}).status == 403
    assert worker.started == []


def test_a_direct_invocation_needs_no_key(jobs: InMemoryJobs, registry: InMemoryRegistry, worker: Worker) -> None:
    app = create_app(jobs, registry, worker.start, operator=BY_DIGEST)
    result = lambda_handler(app)(event("POST", "/retrain", body="{}"), Context())  # type: ignore[arg-type]
    assert result["statusCode"] == 202


def test_every_route_that_changes_jobs_or_models_needs_the_operators_key() -> None:
    routes = {
        (method, route.path)  # type: ignore[attr-defined]
        for router in (predict_routes, retrain_routes)
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined]
    }
    changing = {(m, p) for m, p in routes if m not in ("GET", "HEAD") and p.startswith(("/retrain", "/models"))}
    assert changing == set(OPERATORS_ROUTES)
