"""What the cloud counts of itself, and what a model was made from, through the API Gateway."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from cloud.state import StackAddresses
from menagerie.service_metrics import SERIES

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ELEPHANT = {"walks_on_n_legs": 4, "height": 3.0, "weight": 4500.0, "has_wings": False, "has_tail": True}
ROUTES = ("/metrics", "/models/current/rows", "/models/20260101T000000Z-00000000/rows")


@pytest.mark.parametrize("path", ROUTES)
def test_a_route_is_closed_without_the_key(addresses: StackAddresses, path: str) -> None:
    answer = httpx2.get(addresses.api_url + path, timeout=30.0)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def counted(api: httpx2.Client, source: str, metric: str) -> float:
    """Return the sum of all points of a figure in the last quarter of an hour."""
    start = (datetime.now(UTC) - timedelta(minutes=15)).isoformat()
    answer = api.get("/metrics", params={"from": start})
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
    before = counted(api, "predict", "Invocations"), counted(api, "api", "4XXError")
    for _ in range(5):
        assert api.post("/predict", json={"animals": [ELEPHANT]}).status_code == 200
    assert api.get("/predictions/nothing").status_code == 404
    assert counted(api, "predict", "Invocations") - before[0] >= 6
    assert counted(api, "api", "4XXError") - before[1] == 1
    assert counted(api, "api", "Latency") > 0
    assert counted(api, "predict", "Duration") > 0
    assert counted(api, "predict", "Errors") == 0


@pytest.mark.skipif("config.getoption('--stack') is not None", reason="when others count is theirs to say")
def test_a_training_is_counted_once_it_ended(api: httpx2.Client) -> None:
    before = counted(api, "train", "Invocations")
    source = {"kind": "data-service", "seed": 11, "number_of_datapoints": 500}
    job = api.post("/retrain", json={"source": source, "promote": "never"}).raise_for_status().json()
    deadline = time.monotonic() + 60
    while counted(api, "train", "Invocations") == before:
        assert time.monotonic() < deadline, api.get(f"/retrain/{job['job_id']}").text
        time.sleep(0.2)
    assert counted(api, "train", "Invocations") - before == 1
    assert counted(api, "train", "Duration") > 0


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
