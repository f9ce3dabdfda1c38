"""Predict, retrain, promote and roll back on the embedded cloud: the one end-to-end test of the quick lane."""

import httpx2
import pytest

from tests.e2e.conftest import Up, menagerie
from tests.e2e.test_routes import ANIMALS, wait_for_job, wait_until_idle, wait_until_served

pytestmark = pytest.mark.e2e


def test_a_deployed_application_predicts_retrains_promotes_and_rolls_back(api: httpx2.Client, up: Up) -> None:
    wait_until_idle(api)
    first = api.get("/models").json()["current"]
    wait_until_served(api, first)

    predicted = api.post("/predict", json={"animals": list(ANIMALS.values())})
    assert predicted.status_code == 200, predicted.text
    assert predicted.json()["model_version"] == first
    assert [each["species"] for each in predicted.json()["predictions"]] == list(ANIMALS)

    history = api.get("/predictions", params={"limit": 5}).json()["items"]
    assert {item["id"] for item in history} == {each["id"] for each in predicted.json()["predictions"]}

    source = {"kind": "data-service", "seed": 7, "number_of_datapoints": 600}
    accepted = api.post("/retrain", json={"source": source, "promote": "never"})
    assert accepted.status_code == 202, accepted.text
    job = wait_for_job(api, accepted.json()["job_id"])
    assert job["status"] == "succeeded", job
    second = job["model_version"]
    assert api.get("/models").json()["current"] == first

    promoted = api.put("/models/current", json={"version": second})
    assert promoted.status_code == 200, promoted.text
    wait_until_served(api, second)

    rolled_back = menagerie("models", "rollback", "--state-dir", up.state_dir)
    assert rolled_back.returncode == 0, rolled_back.stderr
    assert api.get("/models").json()["current"] == first
    wait_until_served(api, first)
