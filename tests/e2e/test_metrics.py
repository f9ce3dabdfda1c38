"""What the cloud counts of itself, and what a model was made from, through the API Gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from cloud.state.directory import StackAddresses
from menagerie.service_metrics import SERIES
from tests.e2e.test_routes import finished, wait_for_jobs
from tests.waiting import LIMIT_SECONDS, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ELEPHANT = {"walks_on_n_legs": 4, "height": 3.0, "weight": 4500.0, "has_wings": False, "has_tail": True}
ROUTES = ("/metrics", "/models/current/rows", "/models/20260101T000000Z-00000000/rows")


@pytest.mark.parametrize("path", ROUTES)
def test_a_route_is_closed_without_the_key(addresses: StackAddresses, path: str) -> None:
    answer = httpx2.get(addresses.api_url + path, timeout=LIMIT_SECONDS)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def an_hour_ago() -> str:
    """Return a start for several looks at the same figure: one that moved along would lose what it counted first."""
    return (datetime.now(UTC) - timedelta(hours=1)).isoformat()


def counted(api: httpx2.Client, source: str, metric: str, since: str) -> float:
    """Return the sum of all points of a figure since then."""
    answer = api.get("/metrics", params={"from": since})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["period_seconds"] == 60
    assert [(s["source"], s["metric"], s["statistic"]) for s in body["series"]] == [
        (s.source, s.metric, s.statistic) for s in SERIES
    ]
    found = [s for s in body["series"] if (s["source"], s["metric"]) == (source, metric)]
    return float(sum(point["value"] for point in found[0]["points"]))


@pytest.mark.skipif("config.getoption('--stack') is not None", reason="when others count is theirs to say")
def test_requests_are_counted_with_their_time_and_refusals(api: httpx2.Client) -> None:
    since = an_hour_ago()

    def count(source: str, metric: str) -> float:
        return counted(api, source, metric, since)

    # Other tests may have made functions fail before.
    runs, errors, refusals = count("predict", "Invocations"), count("predict", "Errors"), count("api", "4XXError")
    for _ in range(5):
        assert api.post("/predict", json={"animals": [ELEPHANT]}).status_code == 200
    assert api.get("/predictions/nothing").status_code == 404
    assert count("predict", "Invocations") - runs >= 6
    assert count("api", "4XXError") - refusals == 1
    assert count("api", "Latency") > 0
    assert count("predict", "Duration") > 0
    assert count("predict", "Errors") == errors


@pytest.mark.skipif("config.getoption('--stack') is not None", reason="when others count is theirs to say")
def test_a_training_is_counted_once_it_ended(api: httpx2.Client) -> None:
    since = an_hour_ago()
    wait_for_jobs(api)
    before = counted(api, "train", "Invocations", since)
    source = {"kind": "data-service", "seed": 11, "number_of_datapoints": 500}
    job = api.post("/retrain", json={"source": source, "promote": "never"}).raise_for_status().json()
    assert finished(api, job["job_id"])["status"] == "succeeded"
    wait_until(lambda: counted(api, "train", "Invocations", since) > before, what="the training to be counted")
    assert counted(api, "train", "Invocations", since) - before == 1
    assert counted(api, "train", "Duration", since) > 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "90"}, "period"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2020-01-01", "from": "2021-01-01"}, "from"),
    ],
)
def test_a_time_that_cannot_be_answered_is_a_422(api: httpx2.Client, query: dict[str, str], field: str) -> None:
    answer = api.get("/metrics", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_rows_of_a_model_are_those_it_was_made_from(api: httpx2.Client) -> None:
    current: dict[str, Any] = api.get("/models/current").json()
    body = api.get("/models/current/rows", params={"limit": 100}).json()
    assert body["version"] == current["version"]
    assert body["total"] == sum(current["training"]["rows_by_label"].values())
    assert len(body["items"]) == min(100, body["total"])
    assert body == api.get(f"/models/{current['version']}/rows", params={"limit": 100}).json()
    assert api.post("/predict", json={"animals": body["items"]}).status_code == 200


def test_rows_of_a_model_that_does_not_exist_are_a_404(api: httpx2.Client) -> None:
    assert api.get("/models/20260101T000000Z-00000000/rows").status_code == 404
