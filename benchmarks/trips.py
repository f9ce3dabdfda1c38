"""Count the modules of this project that a request, a page or a training job enters, and the moves between them.

A move is a call from a function of one module into a function of another; frames of libraries in between do not count.
Each trip is the first of its kind after the imports. S3 and DynamoDB are moto's, behind the real adapters.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self
from unittest import mock

import boto3
import uvicorn
from moto import mock_aws
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.testing.v1 import AppTest

from benchmarks.report import RESULTS, machine
from benchmarks.subject import animals
from data_service.app import create_app as create_data_service
from frontend.api.settings import KEY_VARIABLE, URL_VARIABLE
from functions.predict.app import create_app
from functions.predict.current_model import CurrentModel
from menagerie.aws.registry import S3ModelRegistry
from tests.dashboard.pages import HISTORY
from tests.fakes import InMemoryFeedback, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import NOON, batch_of, published_model
from tests.unit.functions.gateway import Context, event

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cloud", "data_service", "frontend", "functions", "menagerie", "training")
BUCKET, PREDICTIONS, JOBS = "models", "predictions", "jobs"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "EVENT_BUS": "default",
    "JOBS_TABLE": JOBS,
    "MODELS_BUCKET": BUCKET,
    "PREDICTIONS_TABLE": PREDICTIONS,
    "TRAINER_FUNCTION": "train",
}
TRAINING = {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 500}, "promote": "always"}


@dataclass
class Trip:
    """What the threads of this process do while the context is open."""

    calls: dict[int, Counter[tuple[str, str]]] = field(default_factory=dict)
    """By thread: calls by the modules of the caller and of the called function; "" is a caller outside the project."""

    def __enter__(self) -> Self:
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def through(self, package: str) -> "Counts":
        """Return the counts of the thread that entered a package most often."""
        entered = {
            thread: sum(count for (_, module), count in calls.items() if module.split(".")[0] == package)
            for thread, calls in self.calls.items()
        }
        calls = self.calls[max(entered, key=lambda thread: entered[thread])]
        return Counts(sorted({module for _, module in calls}), sum(calls.values()))

    def _profile(self, frame: FrameType, what: str, _: object) -> None:
        module = module_of(frame.f_code) if what == "call" else None
        if module is None or _imported(frame):
            return
        caller, above = None, frame.f_back
        while above is not None and caller is None:
            caller, above = module_of(above.f_code), above.f_back
        if caller != module:
            self.calls.setdefault(threading.get_ident(), Counter())[caller or "", module] += 1


def _imported(frame: FrameType) -> bool:
    """Return whether a frame is the body of a module that is being imported, not of a script such as a page."""
    return frame.f_back is not None and frame.f_back.f_code.co_filename.startswith("<frozen importlib")


@dataclass(frozen=True, slots=True)
class Counts:
    """What one trip takes."""

    modules: list[str]
    moves: int


_MODULES: dict[str, str | None] = {}


def module_of(code: CodeType) -> str | None:
    """Return the name of the project module that code belongs to, None for any other code."""
    file = code.co_filename
    if file not in _MODULES:
        path = Path(file)
        inside = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        _MODULES[file] = ".".join(inside.with_suffix("").parts) if inside.parts[0] in PACKAGES else None
    return _MODULES[file]


@contextlib.contextmanager
def serve(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port of loopback and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise SystemExit("the server did not start")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def main() -> None:
    """Print the counts of each trip and leave them in build/benchmarks/trips.json."""
    with contextlib.redirect_stdout(io.StringIO()):
        counted = {**_functions(), "open History": _history()}
    table = Table("trip", "modules", "moves", title="trips", title_justify="left")
    for name, counts in counted.items():
        table.add_row(name, str(len(counts.modules)), str(counts.moves))
    Console(width=150).print(table)
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": machine(),
        "trips": {name: {"modules": counts.modules, "moves": counts.moves} for name, counts in counted.items()},
    }
    (RESULTS / "trips.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _functions() -> dict[str, Counts]:
    lambda_service = Starlette(routes=[Route("/{path:path}", _accept, methods=["POST"])])
    with (
        mock_aws(),
        serve(create_data_service()) as data_service_url,
        serve(lambda_service) as lambda_url,
        mock.patch.dict(
            os.environ,
            {**ENVIRONMENT, "DATA_SERVICE_URL": data_service_url, "AWS_ENDPOINT_URL_LAMBDA": lambda_url},
        ),
    ):
        _create_resources()
        predict, retrain, train = (
            importlib.import_module(f"functions.{name}.handler").handler for name in ("predict", "retrain", "train")
        )
        predicted = event("POST", "/predict", body=json.dumps({"animals": animals(1)}))
        counted = {
            "POST /predict": _answer(predict, predicted),
            "GET /predictions": _answer(predict, event("GET", "/predictions")),
            "POST /retrain": _answer(retrain, event("POST", "/retrain", body=json.dumps(TRAINING))),
        }
        (job,) = json.loads(retrain(event("GET", "/retrain"), Context())["body"])["items"]
        with Trip() as trip:
            ended = train({"job_id": job["job_id"]}, Context())
        if ended["status"] != "succeeded":
            raise SystemExit(f"the training job ended as {ended}")
        return {**counted, "a training job": trip.through("functions")}


def _history() -> Counts:
    """Open History in a dashboard that shows another page; the API has two predictions."""
    registry, predictions = InMemoryRegistry(), InMemoryPredictions()
    manifest, model = published_model()
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)
    predictions.add(batch_of(*list(manifest.classes)[:2], at=NOON))
    models = CurrentModel(registry, refresh_seconds=60)
    app = create_app(models, registry, predictions, InMemoryFeedback(predictions), InMemoryMetrics(), now=_noon)
    with serve(app) as url, mock.patch.dict(os.environ, {URL_VARIABLE: url, KEY_VARIABLE: "key"}):
        visitor = AppTest.from_file(ROOT / "frontend" / "pages" / "main.py", default_timeout=60).run()
        visitor.switch_page(HISTORY)
        with Trip() as trip:
            visitor.run()
        if visitor.exception:
            raise SystemExit(f"History shows {visitor.exception[0].message}")
    return trip.through("frontend")


def _answer(handler: Callable[[dict[str, Any], Any], dict[str, Any]], request: dict[str, Any]) -> Counts:
    with Trip() as trip:
        answer = handler(request, Context())
    if answer["statusCode"] >= 400:
        raise SystemExit(f"the handler answered {answer['statusCode']}: {answer['body']}")
    return trip.through("functions")


def _create_resources() -> None:
    client = boto3.client("dynamodb")
    for table in (PREDICTIONS, JOBS):
        client.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    registry = S3ModelRegistry(s3, BUCKET)
    manifest, model = published_model()
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)


async def _accept(_: Request) -> Response:
    return Response(status_code=202)


def _noon() -> datetime:
    return NOON


if __name__ == "__main__":
    main()
