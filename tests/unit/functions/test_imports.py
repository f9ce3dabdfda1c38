"""The libraries that a cold start imports."""

import subprocess
import sys

import pytest

HEAVY = {
    "sklearn", "scipy", "pandas", "skl2onnx", "onnx", "training", "httpx2", "cloud", "moto", "boto3", "s3transfer",
}  # fmt: skip
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    # Nothing listens there, so that the first look at the registry ends at once.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "MODELS_BUCKET": "models",
    "PREDICTIONS_TABLE": "predictions",
    "JOBS_TABLE": "jobs",
    "TRAINER_FUNCTION": "train",
}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("functions.predict.handler", HEAVY),
        ("functions.retrain.handler", HEAVY | {"onnxruntime", "numpy"}),
        ("functions.openapi", HEAVY | {"onnxruntime", "numpy", "botocore"}),
    ],
)
def test_a_handler_imports_no_heavy_library(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert "functions" in imported
    assert not imported & unwanted


def test_a_cold_start_of_predict_makes_no_client_of_cloudwatch() -> None:
    code = """
import menagerie.aws.clients
made = []
menagerie.aws.clients.cloudwatch_client = lambda: made.append("a client")
import functions.predict.handler
print("imported", *made)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.stdout == "imported\n", done.stderr


@pytest.mark.parametrize("module", ["functions.predict.handler", "functions.retrain.handler"])
def test_a_handler_without_its_settings_names_them(module: str) -> None:
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "MODELS_BUCKET": ""}
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("menagerie.errors.Misconfigured: the environment needs MODELS_BUCKET")
    assert "_TABLE" in last


@pytest.mark.parametrize("module", ["functions.predict.handler", "functions.retrain.handler"])
def test_a_handler_builds_no_validator_of_the_openapi_specification(module: str) -> None:
    code = f"import {module}; from fastapi.openapi.models import OpenAPI; print(OpenAPI.__pydantic_complete__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.stdout == "False\n", done.stderr
    code = "from functions.openapi import openapi_document; print(openapi_document()['openapi'])"
    code = f"import {module}; {code}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.stdout.startswith("3."), done.stderr


@pytest.mark.parametrize("handler", ["predict.handler", "retrain.handler", "train.handler"])
def test_garbage_is_collected_after_a_cold_start(handler: str) -> None:
    code = f"import gc, functions.{handler}; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    environment = {**ENVIRONMENT, "DATA_SERVICE_URL": "http://127.0.0.1:9", "EVENT_BUS": "bus"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.stdout == "True True\n", done.stderr
