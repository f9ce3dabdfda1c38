"""The API of both functions with in-memory stores, and the data service, on one server with injected faults."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from data_service.app import create_app as create_data_service
from functions.predict.app import create_app as create_predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as create_retrain_app
from menagerie.animal import CLASSES, Animal, Species, feature_matrix
from menagerie.api import FieldError, Problem
from menagerie.classifier import OnnxClassifier, OnnxSession
from menagerie.job import Job, Stage, TrainingRequest
from menagerie.manifest import ConformalThresholds, ModelManifest, TrainingSource, ZoologyCheck
from menagerie.prediction import Prediction, PredictionBatch
from tests.api_gateway import ApiGateway
from tests.dashboard.faulty_server import FaultyServer
from tests.fakes import InMemoryFeedback, InMemoryJobs, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import manifest_of
from training.rows import LabelledRows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "a-key-for-tests"
VERSION = "20260131T120000Z-0a1b2c3d"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAGE = "/v1"
TRAINING_ROWS = 2000
TRAINED = TrainingSource(
    kind="data-service", seed=42, rows=TRAINING_ROWS, rows_by_label=dict.fromkeys(CLASSES, TRAINING_ROWS // 5)
)
TRAINED_WITH_ROWS = TRAINED.model_copy(update={"rows_file": "rows.csv.gz"})
# Kangaroo is in the prediction set of a dog.
THRESHOLDS = ConformalThresholds(
    target_coverage=0.95, minimum_probability={**dict.fromkeys(CLASSES, 0.1), Species.KANGAROO: 0.05}
)
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


class LocalApi(FaultyServer):
    """The API at `url` and the data service at `address`. The API has one model, which is current."""

    def __init__(self, port: int = 0) -> None:
        self.registry = InMemoryRegistry()
        self.predictions = InMemoryPredictions()
        self.jobs = InMemoryJobs(patience=timedelta(minutes=6))
        self.metrics = InMemoryMetrics()
        self._seconds = 0
        self._models = CurrentModel(self.registry, refresh_seconds=0, load=_open)
        super().__init__(self._application(), prefix=STAGE, port=port)
        self.url = f"{self.address}{STAGE}"
        self.promote(self.publish(VERSION))

    def publish(self, version: str, *, parent: str | None = None, keep_rows: bool = True) -> str:
        """Add a model to the registry, or replace it, and return its version."""
        made = datetime.strptime(version[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        manifest = manifest_of(
            b"model",
            made,
            version=version,
            parent=parent,
            thresholds=THRESHOLDS,
            training=TRAINED_WITH_ROWS if keep_rows else TRAINED,
            zoology=ZOOLOGY,
            reason="promoted: it is better",
        )
        self.registry.delete(version)
        self.registry.publish(manifest, b"model", _rows_file())
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
    matrix = feature_matrix(MIXED * (TRAINING_ROWS // len(MIXED)))
    none = np.zeros(len(matrix), dtype=np.intp)
    return LabelledRows.without_feedback(matrix, none, none).to_csv_gz()
