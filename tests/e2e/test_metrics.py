"""`GET /metrics` and `GET /models/{version}/rows` through the API Gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from cloud.state.directory import StackAddresses
from menagerie.service_metrics import SERIES
from tests.e2e.conftest import Up, menagerie
from tests.e2e.test_routes import wait_for_job, wait_until_idle
from tests.waiting import LIMIT_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ELEPHANT = {"walks_on_n_legs": 4, "height": 3.0, "weight": 4500.0, "has_wings": False, "has_tail": True}
ROUTES = ("/metrics", "/models/current/rows", "/models/20260101T000000Z-00000000/rows")


@pytest.mark.parametrize("path", ROUTES)
def test_a_route_refuses_requests_without_a_key(addresses: StackAddresses, path: str) -> None:
    answer = httpx2.get(addresses.api_url + path, timeout=LIMIT_SECONDS)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def an_hour_ago() -> str:
    """Return one start for several reads of a metric: with a moving start the oldest points would be missing later."""
    return (datetime.now(UTC) - timedelta(hours=1)).isoformat()


def counted(api: httpx2.Client, source: str, metric: str, since: str) -> float:
    """Return the sum of all points of a metric since a time."""
    answer = api.get("/metrics", params={"from": since})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["period_seconds"] == 60
    assert [(s["source"], s["metric"], s["statistic"]) for s in body["series"]] == [
        (s.source, s.metric, s.statistic) for s in SERIES
    ]
    found = [s for s in body["series"] if (s["source"], s["metric"]) == (source, metric)]
    return float(sum(point["value"] for point in found[0]["points"]))


@pytest.mark.skipif("config.getoption('--stack') is not None", reason="other clouds count at other times")
def test_an_invocation_is_counted_with_its_duration(up: Up, api: httpx2.Client) -> None:
    since = an_hour_ago()
    before = counted(api, "predict", "Invocations", since)
    assert menagerie("invoke", "predict", "events/health.json", "--state-dir", up.state_dir).returncode == 0
    assert counted(api, "predict", "Invocations", since) - before == 1
    assert counted(api, "predict", "Duration", since) > 0


@pytest.mark.skipif("config.getoption('--stack') is not None", reason="other clouds count at other times")
def test_a_training_is_counted(api: httpx2.Client) -> None:
    since = an_hour_ago()
    wait_until_idle(api)
    before = counted(api, "train", "Invocations", since)
    source = {"kind": "data-service", "seed": 11, "number_of_datapoints": 500}
    job = api.post("/retrain", json={"source": source, "promote": "never"}).raise_for_status().json()
    assert wait_for_job(api, job["job_id"])["status"] == "succeeded"
    assert counted(api, "train", "Invocations", since) - before == 1


@pytest.mark.skipif("config.getoption('--stack') is not None", reason="other clouds count requests")
def test_the_embedded_cloud_counts_no_requests_as_the_documents_say(api: httpx2.Client) -> None:
    """Fails once MiniStack counts them; decision 1, README.md and the dashboard's monitor then have to say so."""
    since = an_hour_ago()
    before = counted(api, "predict", "Invocations", since)
    assert api.get("/predictions/nothing").status_code == 404
    assert counted(api, "predict", "Invocations", since) == before
    assert counted(api, "api", "Count", since) == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "90"}, "period"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2020-01-01", "from": "2021-01-01"}, "from"),
    ],
)
def test_an_invalid_time_is_a_422(api: httpx2.Client, query: dict[str, str], field: str) -> None:
    answer = api.get("/metrics", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_rows_of_a_model_are_its_training_rows(api: httpx2.Client) -> None:
    current: dict[str, Any] = api.get("/models/current").json()
    body = api.get("/models/current/rows", params={"limit": 100}).json()
    assert body["version"] == current["version"]
    assert body["total"] == sum(current["training"]["rows_by_label"].values())
    assert len(body["items"]) == min(100, body["total"])
    assert body == api.get(f"/models/{current['version']}/rows", params={"limit": 100}).json()
    assert api.post("/predict", json={"animals": body["items"]}).status_code == 200


def test_rows_of_a_model_that_does_not_exist_are_a_404(api: httpx2.Client) -> None:
    assert api.get("/models/20260101T000000Z-00000000/rows").status_code == 404
