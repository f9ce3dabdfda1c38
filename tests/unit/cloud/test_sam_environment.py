"""The environment of the functions under `sam local`."""

import json
import stat

from cloud.deployment import CODE
from cloud.local.sam_environment import env_vars_file, seen_by_containers

DEPLOYED = {
    "PredictFunction": {"MODELS_BUCKET": "models", "ORT_DISABLE_TELEMETRY": "1"},
    "TrainFunction": {"MODELS_BUCKET": "models", "DATA_SERVICE_URL": "http://127.0.0.1:8777"},
}


def test_every_function_gets_its_variables_and_the_endpoint() -> None:
    with seen_by_containers(DEPLOYED, "https://cloud.example.org", gateway=None) as seen:
        assert seen["PredictFunction"] == {
            **DEPLOYED["PredictFunction"],
            "AWS_ENDPOINT_URL": "https://cloud.example.org",
        }
        assert seen["TrainFunction"]["DATA_SERVICE_URL"] == "http://host.docker.internal:8777"


def test_against_aws_there_is_no_endpoint() -> None:
    with seen_by_containers(DEPLOYED, None, gateway=None) as seen:
        assert not any("AWS_ENDPOINT_URL" in variables for variables in seen.values())


def test_one_address_is_relayed_once_for_all_functions() -> None:
    with seen_by_containers({name: {} for name in CODE}, "http://127.0.0.1:4566", gateway="127.0.0.1") as seen:
        addresses = {variables["AWS_ENDPOINT_URL"] for variables in seen.values()}
    assert len(addresses) == 1
    assert addresses != {"http://127.0.0.1:4566"}


def test_the_file_is_private_and_deleted_afterwards() -> None:
    with env_vars_file(DEPLOYED) as path:
        assert json.loads(path.read_text(encoding="utf-8")) == DEPLOYED
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
