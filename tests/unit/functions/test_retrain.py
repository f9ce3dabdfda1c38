"""POST and GET /retrain, PUT /models/current."""

from urllib.parse import urljoin

import pytest

from menagerie.errors import Unavailable
from menagerie.job import JobStatus
from tests.fakes import Broken, Down, InMemoryJobs, InMemoryRegistry
from tests.unit.functions.conftest import CURRENT, OTHER, Send, Worker, assert_problem, retrain_function

ONE = "/retrain/{job_id}"
ASKED = {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 500}, "promote": "always"}


def test_a_job_is_queued_and_handed_to_the_worker(retrain: Send, jobs: InMemoryJobs, worker: Worker) -> None:
    answer = retrain("POST", "/retrain", json_body=ASKED)
    assert answer.status == 202
    job = answer.json()
    assert job["status"] == "queued"
    assert job["request"] == ASKED
    assert worker.started == [job["job_id"]]
    assert jobs.get(job["job_id"]).model_dump(mode="json") == job
    assert retrain("GET", f"/retrain/{job['job_id']}", resource=ONE).json() == job
    assert retrain("GET", "/retrain").json() == {"items": [job]}


@pytest.mark.parametrize(
    "api", ["https://abc.execute-api.us-east-1.amazonaws.com/v1", "http://127.0.0.1:4566/_aws/execute-api/abc/v1"]
)
def test_the_location_leads_to_the_job_behind_every_prefix(retrain: Send, api: str) -> None:
    answer = retrain("POST", "/retrain", json_body=ASKED)
    job_id = answer.json()["job_id"]
    assert urljoin(f"{api}/retrain", answer.headers["location"]) == f"{api}/retrain/{job_id}"


@pytest.mark.parametrize("body", [None, "", "{}"])
def test_without_a_body_the_defaults_apply(retrain: Send, body: str | None) -> None:
    request = retrain("POST", "/retrain", body=body).json()["request"]
    assert request["source"] == {"kind": "data-service", "seed": 42, "number_of_datapoints": 1000}
    assert request["promote"] == "if-better"


def test_a_second_job_is_a_409_that_names_the_first(retrain: Send, worker: Worker) -> None:
    first = retrain("POST", "/retrain", json_body=ASKED).json()["job_id"]
    problem = assert_problem(retrain("POST", "/retrain", json_body=ASKED), 409)
    assert first in problem["detail"]
    assert worker.started == [first]


def test_a_worker_that_cannot_be_started_leaves_a_failed_job(jobs: InMemoryJobs, registry: InMemoryRegistry) -> None:
    def refuse(_: str) -> None:
        raise Unavailable("the training function refused: TooManyRequestsException")

    retrain = retrain_function(jobs, registry, refuse)
    answer = retrain("POST", "/retrain", json_body=ASKED)
    assert_problem(answer, 503)
    assert "TooManyRequestsException" not in answer.text
    (job,) = jobs.recent(10)
    assert (job.status, job.error) == (JobStatus.FAILED, "the worker could not be started")


def test_only_the_latest_jobs_are_listed(retrain: Send, jobs: InMemoryJobs) -> None:
    for _ in range(3):
        job_id = retrain("POST", "/retrain").json()["job_id"]
        jobs.fail(job_id, "no rows")
    assert [job["job_id"] for job in retrain("GET", "/retrain?limit=2").json()["items"]] == [
        job.job_id for job in jobs.recent(2)
    ]
    assert_problem(retrain("GET", "/retrain?limit=101"), 422)


@pytest.mark.parametrize("unknown", ["nobody", "01KG9YS7G0D4HAWTBSEDNRP5HY", "11111111-2222-3333-4444-555555555555"])
def test_an_unknown_job_is_a_404(retrain: Send, unknown: str) -> None:
    assert_problem(retrain("GET", f"/retrain/{unknown}", resource=ONE), 404)


def test_a_model_is_promoted_and_rolled_back(retrain: Send, registry: InMemoryRegistry) -> None:
    for version in (OTHER, CURRENT):
        answer = retrain("PUT", "/models/current", json_body={"version": version})
        assert answer.status == 200
        assert answer.json()["version"] == version
        pointer = registry.current()
        assert pointer is not None
        assert pointer.version == version


def test_promoting_the_current_model_changes_nothing(retrain: Send, registry: InMemoryRegistry) -> None:
    before = registry.current()
    assert retrain("PUT", "/models/current", json_body={"version": CURRENT}).status == 200
    assert registry.current() == before


def test_a_promotion_replaces_a_pointer_that_cannot_be_read(retrain: Send, registry: InMemoryRegistry) -> None:
    registry.damage_pointer()
    answer = retrain("PUT", "/models/current", json_body={"version": CURRENT})
    assert answer.status == 200, answer.text
    pointer = registry.current()
    assert pointer is not None
    assert pointer.version == CURRENT


@pytest.mark.parametrize("version", ["20200101T000000Z-00000000", "current", "../x"])
def test_an_unknown_model_is_not_promoted(retrain: Send, registry: InMemoryRegistry, version: str) -> None:
    before = registry.current()
    assert_problem(retrain("PUT", "/models/current", json_body={"version": version}), 404)
    assert registry.current() == before


def test_a_model_that_does_not_verify_is_not_promoted(retrain: Send, registry: InMemoryRegistry) -> None:
    before = registry.current()
    manifest, model = registry.models[OTHER]
    registry.models[OTHER] = (manifest, model[:-1])
    problem = assert_problem(retrain("PUT", "/models/current", json_body={"version": OTHER}), 409)
    assert OTHER in problem["detail"]
    assert registry.current() == before


def test_the_second_of_two_concurrent_promotions_is_a_409(jobs: InMemoryJobs, registry: InMemoryRegistry) -> None:
    def somebody_else_is_faster(*_: object) -> None:
        registry.promote(OTHER, expected=registry.current())

    retrain = retrain_function(jobs, registry, print, verify=somebody_else_is_faster)
    assert_problem(retrain("PUT", "/models/current", json_body={"version": OTHER}), 409)


@pytest.mark.parametrize(
    ("method", "target", "resource"),
    [
        ("POST", "/retrain", None),
        ("GET", "/retrain", None),
        ("GET", "/retrain/x", ONE),
        ("PUT", "/models/current", None),
    ],
)
def test_a_dependency_that_is_down_is_a_503(method: str, target: str, resource: str | None) -> None:
    retrain = retrain_function(Down(), Down(), print)
    body = {"version": OTHER} if method == "PUT" else {}
    answer = retrain(method, target, resource=resource, json_body=body)
    assert_problem(answer, 503)
    assert "retry-after" in answer.headers
    assert Down.SECRET not in answer.text


def test_an_unexpected_error_is_a_500_without_details(registry: InMemoryRegistry) -> None:
    answer = retrain_function(Broken(), registry, print)("GET", "/retrain")
    assert_problem(answer, 500)
    assert Broken.SECRET not in answer.text
