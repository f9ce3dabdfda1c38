"""Measure a cold start from the packaged zip: from the start of the process to its first response."""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks.comparison import Comparison, Figure, interleave, write_report
from benchmarks.local_aws import LocalAws, local_aws
from benchmarks.subject import animals
from cloud.packaging.lockfile import local_target
from cloud.packaging.package import build
from cloud.resources import builds
from tests.unit.functions.gateway import event

RUNS = 15

# Both exit at once after the response: the interpreter's clean-up is no part of a cold start.
_OURS = """
import json, os, sys
from functions.predict.handler import handler
class Context:
    aws_request_id = "0"
answer = handler(json.load(sys.stdin), Context())
assert answer["statusCode"] == 200, answer
os._exit(0)
"""
# The minimum for any function that loads an ONNX model from S3: the same file, one session, one response.
_BARE = """
import json, os, sys
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy, onnxruntime
import botocore.session
client = botocore.session.get_session().create_client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
model = client.get_object(Bucket=os.environ["MODELS_BUCKET"], Key=sys.argv[1])["Body"].read()
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
animal = json.loads(json.load(sys.stdin)["body"])["animals"][0]
rows = numpy.array([[float(value) for value in animal.values()]], dtype=numpy.float32)
json.dumps(session.run(None, {"animals": rows})[0].tolist())
os._exit(0)
"""


def main() -> None:
    """Build and unpack the zip for this interpreter, and start processes in alternation."""
    package = build("predict", local_target(), builds() / "cache")
    with local_aws() as aws, tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package.path) as archive:
            archive.extractall(folder)
        request = json.dumps(event("POST", "/predict", body=json.dumps({"animals": animals(1)})))
        mine, theirs = interleave(
            RUNS, lambda: _start(_OURS, folder, request, aws), lambda: _start(_BARE, folder, request, aws)
        )
    write_report(
        "cold_start",
        [
            Comparison(
                "cold start to the first response, from the zip",
                "numpy, onnxruntime, botocore, the same model",
                "ms",
                Figure.of(mine),
                Figure.of(theirs),
                target=1.5,
            )
        ],
    )


def _start(program: str, folder: str, request: str, aws: LocalAws) -> None:
    # -P keeps the working folder out of the path, so modules are imported from the zip, except boto3.
    subprocess.run(
        [sys.executable, "-P", "-c", program, aws.model_key],
        input=request,
        env={**aws.environment, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=Path(folder),
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
