"""The API of both functions and the data service on one port, with in-memory stores and injected faults."""

import csv
import gzip
import io
import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import BaseModel
from starlette.testclient import TestClient
from typing_extensions import override

from data_service.app import create_app as create_data_service
from functions.predict.app import create_app as create_predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as create_retrain_app
from menagerie.animal import CLASSES, FEATURES, Animal, Species, feature_matrix
from menagerie.api import FieldError, Problem
from menagerie.classifier import OnnxClassifier, OnnxSession
from menagerie.job import Job, Stage, TrainingRequest
from menagerie.manifest import ModelManifest, ZoologyCheck
from menagerie.prediction import Prediction, PredictionBatch
from tests.api_gateway import ApiGateway
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import manifest_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "a-key-for-tests"
VERSION = "20260131T120000Z-0a1b2c3d"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAGE = "/v1"
TRAINING_ROWS = 2000
# Low enough for kangaroo to be in the prediction set of a dog.
MINIMUM_PROBABILITY = {**dict.fromkeys(CLASSES, 0.1), Species.KANGAROO: 0.05}
ZOOLOGY = (
    ZoologyCheck(statement="the chicken is winged", holds=True, seen="48 of 48 rows answered chicken are"),
    ZoologyCheck(statement="the elephant is heavier than the dog", holds=False, seen="medians 1 kg and 2 kg"),
)


def animal(legs: int, height: float, weight: float, *, wings: bool) -> Animal:
    return Animal(walks_on_n_legs=legs, height=height, weight=weight, has_wings=wings, has_tail=True)


MIXED = (
    animal(4, 0.5, 20.0, wings=False),
    animal(2, 0.3, 2.0, wings=True),
    animal(4, 3.0, 5000.0, wings=False),
    animal(2, 1.7, 60.0, wings=False),
    animal(5, 7.0, 300.0, wings=True),
)


@dataclass(frozen=True)
class Fault:
    """A response in place of the API's own."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    path: str = "/"
    """Requests to this path and to those below it get the response, but never `/health`."""

    def applies_to(self, path: str) -> bool:
        return path.startswith(self.path) and path != "/health"


class LocalApi:
    """`with LocalApi() as api:` serves at `api.url` until the block ends or `stop()`; set faults at any time."""

    def __init__(self, port: int = 0) -> None:
        self.registry = InMemoryRegistry()
        self.predictions = InMemoryPredictions()
        self.jobs = InMemoryJobs(patience=timedelta(minutes=6))
        self.metrics = InMemoryMetrics()
        self.fault: Fault | None = None
        self.requests: list[str] = []
        """Method and path of each request, without the stage."""
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        """The Idempotency-Key of each request with a body."""
        self.connections: list[socket.socket] = []
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._seconds = 0
        self._models = CurrentModel(self.registry, refresh_seconds=0, load=_open)
        self._client = TestClient(self._application(), "http://127.0.0.1", raise_server_exceptions=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.data_service_url = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.data_service_url}{STAGE}"
        self.promote(self.publish(VERSION))

    def __enter__(self) -> Self:
        self._client.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._client.__exit__(kind, error, trace)

    def stop(self) -> None:
        """Close the port and every connection; stopping twice does no harm."""
        self._may_answer.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """Accept requests and answer none until `stop()`."""
        self._may_answer.clear()

    def fail(self, status: int, document: BaseModel | dict[str, Any], *, path: str = "/", **headers: str) -> None:
        """Answer requests to a path and those below it with a document, but never `/health`."""
        body = document.model_dump(exclude_none=True) if isinstance(document, BaseModel) else document
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.fault = Fault(status, json.dumps(body).encode(), names, path)

    def publish(self, version: str, *, parent: str | None = None, keep_rows: bool = True) -> str:
        """Add a model to the registry, or replace it, and return its version."""
        manifest = manifest_of(b"model", datetime.strptime(version[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
        confusion = [[50 * (i == j) for j in range(len(CLASSES))] for i in range(len(CLASSES))]
        changed = manifest.model_copy(
            update={
                "version": version,
                "parent": parent,
                "metrics": manifest.metrics.model_copy(
                    update={"accuracy": 0.9987, "rows": 250, "confusion_matrix": confusion}
                ),
                "thresholds": manifest.thresholds.model_copy(update={"minimum_probability": MINIMUM_PROBABILITY}),
                "training": manifest.training.model_copy(
                    update={"rows": TRAINING_ROWS, "rows_file": "rows.csv.gz" if keep_rows else None}
                ),
                "zoology": ZOOLOGY,
                "reason": "promoted: it is better",
            }
        )
        self.registry.delete(version)
        self.registry.publish(changed, b"model", _rows_file())
        return version

    def promote(self, version: str) -> None:
        """Make a model the current one."""
        self.registry.promote(version, expected=self.registry.current())

    def delete_models(self) -> None:
        """Empty the registry, as before the first training."""
        self.registry.models.clear()
        self.registry.pointer = None

    @property
    def current(self) -> str | None:
        """The version of the current model."""
        pointer = self.registry.current()
        return pointer.version if pointer else None

    def store(self, *animals: Animal, at: datetime | None = None) -> None:
        """Classify animals and store the predictions, as one request."""
        classifier = self._models.classifier()
        answers = classifier.classify(feature_matrix(animals))
        self.predictions.add(PredictionBatch.of(at or self._now(), classifier.version, list(animals), answers))

    def store_many(self, count: int) -> None:
        """Store `count` animals of various species, a minute apart."""
        for i in range(count):
            self.store(MIXED[i % len(MIXED)], at=START + timedelta(minutes=i))

    @property
    def stored(self) -> list[Prediction]:
        """All predictions, oldest first."""
        batches = [self.predictions.batches[request_id] for request_id in sorted(self.predictions.batches)]
        return [batch.prediction(position) for batch in batches for position in range(len(batch))]

    @property
    def feedback(self) -> dict[str, Species]:
        """The true species of each prediction that has feedback, by its id."""
        return {item.id: item.feedback.species for item in self.stored if item.feedback}

    @property
    def latest_job(self) -> Job:
        """The newest training."""
        return self.jobs.recent(1)[0]

    def start_training(self, request: TrainingRequest) -> None:
        """Start a training, as another client of the API does."""
        self._start(self.jobs.create(request).job_id)

    def finish_training(self, version: str = VERSION, *, reason: str = "not promoted") -> None:
        """End the running training with a model that was not promoted."""
        manifest = self.registry.manifest(VERSION).model_copy(update={"version": version})
        self.jobs.succeed(self.latest_job.job_id, manifest, promoted=False, reason=reason)

    def respond(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Return the response to a request: status, headers, body."""
        path = target.partition("?")[0].removeprefix(STAGE)
        self.requests.append(f"{method} {path}")
        if body:
            self.bodies.append(json.loads(body))
            self.keys.append(headers.get("Idempotency-Key"))
        self._may_answer.wait()
        fault, is_api = self.fault, target.startswith(STAGE)
        if is_api and fault and fault.applies_to(path):
            return fault.status, fault.headers, fault.body
        answer = self._client.request(method, target, headers=headers, content=body)
        return answer.status_code, {"content-type": answer.headers["content-type"]}, answer.content

    def _application(self) -> "ASGIApp":
        feedback = InMemoryFeedback(self.predictions)
        predict = create_predict_app(
            self._models, self.registry, self.predictions, feedback, self.metrics, now=self._now
        )
        retrain = create_retrain_app(self.jobs, self.registry, self._start, verify=_open)
        gateway, data_service = ApiGateway(retrain, predict, key=KEY), create_data_service()

        async def dispatch(scope: "Scope", receive: "Receive", send: "Send") -> None:
            if scope.get("path", "").startswith(STAGE):
                paths = {"path": scope["path"].removeprefix(STAGE)}
                paths["raw_path"] = scope["raw_path"].removeprefix(STAGE.encode())
                await gateway({**scope, **paths}, receive, send)
            else:
                await data_service(scope, receive, send)

        return dispatch

    def _start(self, job_id: str) -> None:
        self.jobs.start(job_id, datetime.now(UTC) + timedelta(minutes=5))
        self.jobs.progress(job_id, Stage.FITTING, 0.5)

    def _now(self) -> datetime:
        """Return a later time at each call, so that predictions have the order of their requests."""
        self._seconds += 1
        return START + timedelta(days=30, seconds=self._seconds)


def problem(status: int, detail: str, **fields: str) -> Problem:
    """Return a problem document; `fields` are the messages of fields that cannot be used."""
    errors = [FieldError(field=name, message=message) for name, message in fields.items()]
    return Problem(title="Refused", status=status, detail=detail, errors=errors or None)


class _Rules(OnnxSession):
    """A model that knows the animals of `MIXED` by rules."""

    def __init__(self) -> None:
        """Open nothing."""

    @override
    def probabilities(self, rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
        return np.array([_probabilities(*row) for row in rows.tolist()], dtype=np.float32)


def _probabilities(legs: float, _: float, weight: float, wings: float, __: float) -> list[float]:
    species, second = Species.UNKNOWN, Species.DOG
    if legs == 4 and not wings:
        species, second = (Species.ELEPHANT, Species.UNKNOWN) if weight > 500 else (Species.DOG, Species.KANGAROO)
    elif legs == 2:
        species, second = Species.CHICKEN if wings else Species.KANGAROO, Species.UNKNOWN
    return [{species: 0.93, second: 0.055}.get(each, 0.005) for each in CLASSES]


def _open(_: bytes, manifest: ModelManifest) -> OnnxClassifier:
    return OnnxClassifier(_Rules(), manifest)


@cache
def _rows_file() -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, FEATURES)
    writer.writeheader()
    for place in range(TRAINING_ROWS):
        row = MIXED[place % len(MIXED)].model_dump()
        writer.writerow({name: int(value) if isinstance(value, bool) else value for name, value in row.items()})
    return gzip.compress(text.getvalue().encode())


def _handler_for(api: LocalApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            api.connections.append(self.connection)

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def do_PUT(self) -> None:
            self._serve("PUT")

        def _serve(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            status, headers, answer = api.respond(method, self.path, dict(self.headers), body)
            with suppress(OSError):
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler
