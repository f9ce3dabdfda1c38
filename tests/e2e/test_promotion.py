"""A promotion needs no deployment and no restart, and fails no request."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator

import httpx2
import pytest

from cloud.commands.options import clients_for
from cloud.deployment import outputs
from cloud.state.directory import StackAddresses
from tests.e2e.conftest import Up, client_for
from tests.e2e.test_jobs import run_job
from tests.e2e.test_routes import ANIMALS, is_problem, wait_until_served
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PREDICT = "menagerie-predict"
PROMOTIONS = 8


@pytest.fixture
def frequent_refresh(up: Up) -> Iterator[None]:
    """Make the predict function check the pointer five times a second, so that it loads each promoted model."""
    functions = clients_for(up.state_dir).functions
    variables = functions.get_function_configuration(FunctionName=PREDICT)["Environment"]["Variables"]
    changed = {**variables, "MODEL_REFRESH_SECONDS": "0.2"}
    functions.update_function_configuration(FunctionName=PREDICT, Environment={"Variables": changed})
    yield
    functions.update_function_configuration(FunctionName=PREDICT, Environment={"Variables": variables})


@pytest.mark.usefixtures("frequent_refresh")
def test_promotions_under_load_fail_no_request(api: httpx2.Client, addresses: StackAddresses) -> None:
    before = api.get("/models").json()["current"]
    other = run_job(api, {"source": {"kind": "data-service", "seed": 11}, "promote": "never"})["model_version"]
    answered: Counter[tuple[int, str | None]] = Counter()
    stop = threading.Event()

    def predict() -> None:
        with client_for(addresses) as client:
            while not stop.is_set():
                answer = client.post("/predict", json={"animals": [ANIMALS["dog"]]})
                version = answer.json().get("model_version") if answer.status_code == 200 else answer.text[:200]
                answered[answer.status_code, version] += 1

    def answering(version: str) -> Callable[[], bool]:
        so_far = answered[200, version]
        return lambda: answered[200, version] > so_far or not thread.is_alive()

    thread = threading.Thread(target=predict)
    thread.start()
    try:
        for turn in range(PROMOTIONS):
            version = (other, before)[turn % 2]
            answer = api.put("/models/current", json={"version": version})
            assert (answer.status_code, answer.json().get("version")) == (200, version), answer.text
            wait_until(answering(version), what=f"model {version} to answer")
    finally:
        stop.set()
        thread.join()
        api.put("/models/current", json={"version": before})
    assert {status for status, _ in answered} == {200}, answered
    assert {version for _, version in answered} == {before, other}
    assert sum(answered.values()) > PROMOTIONS
    wait_until_served(api, before)


def test_a_model_with_a_changed_file_is_not_promoted(api: httpx2.Client, up: Up) -> None:
    version = run_job(api, {"source": {"kind": "data-service", "seed": 12}, "promote": "never"})["model_version"]
    found = api.get("/models").json()
    clients = clients_for(up.state_dir)
    where = {"Bucket": outputs(clients)["ModelsBucketName"], "Key": f"models/{version}/model.onnx"}
    model = clients.s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read()
    clients.s3.put_object(Body=model[:-1] + b"?", Bucket=where["Bucket"], Key=where["Key"])
    try:
        problem = is_problem(api.put("/models/current", json={"version": version}), 409)
        assert version in problem["detail"]
        assert api.get("/models").json()["current"] == found["current"]
    finally:
        clients.s3.put_object(Body=model, Bucket=where["Bucket"], Key=where["Key"])


def test_every_model_has_its_source_and_the_reason_of_the_gate(api: httpx2.Client) -> None:
    found = api.get("/models").json()
    versions = [item["version"] for item in found["items"]]
    assert versions == sorted(versions, reverse=True)
    assert found["current"] in versions
    for item in found["items"]:
        assert item["reason"].startswith(("promoted: ", "not promoted: "))
        assert item["training"]["kind"] in ("data-service", "dataset", "feedback")
        assert item["training"]["rows_file"] == "rows.csv.gz"
        assert item["metrics"]["accuracy"] > 0.9
