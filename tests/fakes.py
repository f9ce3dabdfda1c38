"""In-memory implementations of the ports; each passes the contract tests of the adapter that it replaces."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from typing_extensions import override

from menagerie.clock import Clock, utc_now
from menagerie.errors import Conflict, KeyReused, NotFound, Unavailable, UnreadablePointer
from menagerie.idempotency import CLOCK_STEP, KEPT, IdempotencyKey
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.manifest import ModelManifest, Pointer
from menagerie.ports.datasets import Datasets
from menagerie.ports.feedback import FeedbackStore, LabelledAnimal
from menagerie.ports.jobs import OPEN, JobStore, allowed_time, corrected_expiry, job_at, lease
from menagerie.ports.metrics import MetricWindow, ServiceMetrics
from menagerie.ports.predictions import Cursor, PageRequest, PredictionStore
from menagerie.ports.registry import ModelRegistry
from menagerie.prediction import Feedback, Prediction, PredictionBatch, PredictionPage, parse_prediction_id
from menagerie.service_metrics import SERIES, Points, SeriesName
from menagerie.ulid import new_ulid, to_the_millisecond


class ManualClock:
    """A clock that a test sets and advances."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, time: timedelta) -> datetime:
        """Advance by a time, which may be negative, and return the new moment."""
        self.now += time
        return self.now


class InMemoryRegistry(ModelRegistry):
    def __init__(self, now: Clock = utc_now) -> None:
        self._now = now
        self.models: dict[str, tuple[ModelManifest, bytes]] = {}
        self.training_rows: dict[str, bytes] = {}
        self.pointer: Pointer | None = None
        self.unreadable: UnreadablePointer | None = None

    @override
    def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
        if manifest.version in self.models:
            raise Conflict(f"{manifest.version} exists already")
        self.models[manifest.version] = (manifest, model)
        if rows is not None:
            self.training_rows[manifest.version] = rows

    @override
    def manifest(self, version: str) -> ModelManifest:
        return self._stored(version)[0]

    @override
    def model(self, version: str) -> bytes:
        return self._stored(version)[1]

    @override
    def rows(self, version: str) -> bytes:
        if version not in self.training_rows:
            raise NotFound(f"there is no model {version!r}")
        return self.training_rows[version]

    @override
    def manifests(self) -> list[ModelManifest]:
        return [self.models[version][0] for version in sorted(self.models, reverse=True)]

    @override
    def delete(self, version: str) -> None:
        self.models.pop(version, None)
        self.training_rows.pop(version, None)

    @override
    def current(self) -> Pointer | None:
        if self.unreadable:
            raise self.unreadable
        return self.pointer

    def damage_pointer(self) -> None:
        """Replace the pointer by one that cannot be read."""
        self.unreadable = UnreadablePointer("the pointer", Pointer.unreadable("damaged"))

    @override
    def promote(self, version: str, *, expected: Pointer | None) -> Pointer:
        self._stored(version)
        if expected != (self.unreadable.pointer if self.unreadable else self.pointer):
            raise Conflict("the current model has changed since it was read")
        self.unreadable = None
        turn = int(self.pointer.etag) + 1 if self.pointer else 1
        self.pointer = Pointer(version, self._now(), str(turn))
        return self.pointer

    def _stored(self, version: str) -> tuple[ModelManifest, bytes]:
        if version not in self.models:
            raise NotFound(f"there is no model {version!r}")
        return self.models[version]


class InMemoryDatasets(Datasets):
    def __init__(self, **files: bytes) -> None:
        self.files = {f"datasets/{name}.csv": content for name, content in files.items()}

    @override
    def read(self, key: str) -> bytes:
        if key not in self.files:
            raise NotFound(f"there is no dataset {key}")
        return self.files[key]


class InMemoryKeys:
    """The answer stored under each key, until it expires."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._answers: dict[str, tuple[str, str, datetime]] = {}

    def find(self, key: IdempotencyKey) -> str | None:
        digest, answer, expires_at = self._answers.get(key.key, ("", "", self._now()))
        if expires_at <= self._now():
            return None
        if digest != key.digest:
            raise KeyReused
        return answer

    def put(self, key: IdempotencyKey, answer: str) -> None:
        self._answers[key.key] = (key.digest, answer, self._now() + KEPT + CLOCK_STEP)

    def delete(self, key: IdempotencyKey) -> None:
        self._answers.pop(key.key, None)


class InMemoryPredictions(PredictionStore):
    def __init__(self, now: Clock = utc_now) -> None:
        self.batches: dict[str, PredictionBatch] = {}
        self._keys = InMemoryKeys(now)

    @override
    def add(self, batch: PredictionBatch, key: IdempotencyKey | None = None) -> PredictionBatch:
        if key:
            first = self.find_by_key(key)
            if first:
                return first
            self._keys.put(key, batch.request_id)
        self.batches[batch.request_id] = batch
        return batch

    @override
    def find_by_key(self, key: IdempotencyKey) -> PredictionBatch | None:
        request_id = self._keys.find(key)
        return self.batches[request_id] if request_id else None

    @override
    def get(self, prediction_id: str) -> Prediction:
        request_id, position = parse_prediction_id(prediction_id) or ("", 0)
        batch = self.batches.get(request_id)
        if batch is None or position >= len(batch):
            raise NotFound("there is no such prediction")
        return batch.prediction(position)

    @override
    def page(self, request: PageRequest) -> PredictionPage:
        rows = [
            (Cursor(batch.request_id, position), batch.prediction(position))
            for batch in sorted(self.batches.values(), key=lambda batch: batch.request_id, reverse=True)
            for position in range(len(batch))
        ]
        after = request.cursor
        wanted = [
            (cursor, row)
            for cursor, row in rows
            if (request.species is None or row.species is request.species)
            and (request.start is None or row.created_at >= to_the_millisecond(request.start))
            and (request.end is None or row.created_at <= request.end)
            and (after is None or cursor.request_id < after.request_id or _later(cursor, after))
        ]
        page = wanted[: request.limit]
        more = str(page[-1][0]) if len(wanted) > request.limit else None
        return PredictionPage(items=[row for _, row in page], next_cursor=more)


class InMemoryFeedback(FeedbackStore):
    """The feedback on the predictions of an `InMemoryPredictions`."""

    def __init__(self, predictions: InMemoryPredictions) -> None:
        self._predictions = predictions
        self._labelled: dict[str, LabelledAnimal] = {}

    @override
    def give(self, prediction: Prediction, feedback: Feedback) -> None:
        request_id, position = parse_prediction_id(prediction.id) or ("", 0)
        if request_id not in self._predictions.batches:
            raise Conflict("there is no such prediction")
        batch = self._predictions.batches[request_id]
        self._predictions.batches[request_id] = replace(batch, feedback={**batch.feedback, position: feedback})
        self._labelled[prediction.id] = LabelledAnimal(
            prediction_id=prediction.id,
            animal=prediction.animal,
            species=feedback.species,
            given_at=feedback.given_at,
        )

    @override
    def given(self) -> list[LabelledAnimal]:
        return [self._labelled[prediction_id] for prediction_id in sorted(self._labelled)]


class InMemoryMetrics(ServiceMetrics):
    def __init__(self) -> None:
        self.windows: list[MetricWindow] = []
        self._measured: dict[tuple[str, str], list[tuple[datetime, float]]] = {}

    def record(self, source: str, metric: str, at: datetime, *values: float) -> None:
        """Record measurements."""
        self._measured.setdefault((source, metric), []).extend((at, value) for value in values)

    @override
    def read(self, window: MetricWindow) -> dict[SeriesName, Points]:
        self.windows.append(window)
        return {name: self._points(name, window) for name in SERIES}

    def _points(self, name: SeriesName, window: MetricWindow) -> Points:
        periods: dict[datetime, list[float]] = {}
        for at, value in self._measured.get((name.source, name.metric), []):
            if window.start <= at < window.end:
                seconds = at.timestamp() // window.period_seconds * window.period_seconds
                periods.setdefault(datetime.fromtimestamp(seconds, UTC), []).append(value)
        return [(begin, _statistic(name.statistic, values)) for begin, values in sorted(periods.items())]


def _statistic(name: str, values: list[float]) -> float:
    match name:
        case "Sum":
            return sum(values)
        case "Average":
            return sum(values) / len(values)
        case "Maximum":
            return max(values)
    return float(np.percentile(values, float(name.removeprefix("p"))))


def _later(cursor: Cursor, after: Cursor) -> bool:
    return cursor.request_id == after.request_id and cursor.position > after.position


class InMemoryJobs(JobStore):
    def __init__(self, *, patience: timedelta, now: Clock = utc_now) -> None:
        self.jobs: dict[str, Job] = {}
        self.expires: dict[str, datetime] = {}
        self._patience = patience
        self._now = now
        self._keys = InMemoryKeys(now)
        self._deferred: dict[str, TrainingRequest] = {}

    @override
    def defer(self, request: TrainingRequest) -> None:
        self._deferred[request.model_dump_json()] = request

    @override
    def deferred(self) -> list[TrainingRequest]:
        return list(self._deferred.values())

    @override
    def delete_deferred(self, request: TrainingRequest) -> None:
        self._deferred.pop(request.model_dump_json(), None)

    @override
    def find_by_key(self, key: IdempotencyKey) -> Job | None:
        document = self._keys.find(key)
        return Job.model_validate_json(document) if document else None

    @override
    def delete_key(self, key: IdempotencyKey) -> None:
        self._keys.delete(key)

    @override
    def create(self, request: TrainingRequest, key: IdempotencyKey | None = None) -> Job:
        first = self.find_by_key(key) if key else None
        if first:
            return first
        for job in self.recent(1):
            if job.status in OPEN:
                raise Conflict(f"job {job.job_id} is {job.status} and one job runs at a time")
        now = self._now()
        job = Job(
            job_id=new_ulid(now, after=max(self.jobs, default=None)),
            status=JobStatus.QUEUED,
            request=request,
            created_at=now,
            deadline=now + self._patience,
        )
        self.jobs[job.job_id], self.expires[job.job_id] = job, job.deadline
        if key:
            self._keys.put(key, job.model_dump_json())
        return job

    @override
    def get(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound("there is no such job")
        job, stored, now = self.jobs[job_id], self.expires[job_id], self._now()
        expires = corrected_expiry(job, stored, now)
        if expires != stored:
            self.expires[job_id] = expires
            self.jobs[job_id] = job.model_copy(update={"deadline": now + allowed_time(job)})
        return job_at(now, job, expires)

    @override
    def recent(self, limit: int) -> list[Job]:
        return [self.get(job_id) for job_id in sorted(self.jobs, reverse=True)[:limit]]

    @override
    def start(self, job_id: str, deadline: datetime) -> Job:
        job = self._update(
            job_id, (JobStatus.QUEUED,), status=JobStatus.RUNNING, started_at=self._now(), deadline=deadline
        )
        self.expires[job_id] = lease(self._now(), deadline)
        return job

    @override
    def renew(self, job_id: str, deadline: datetime) -> None:
        self._update(job_id, (JobStatus.RUNNING,))
        self.expires[job_id] = lease(self._now(), deadline)

    @override
    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        self._update(job_id, (JobStatus.RUNNING,), stage=stage, progress=progress)

    @override
    def succeed(self, job_id: str, manifest: ModelManifest, *, promoted: bool, reason: str) -> Job:
        return self._update(
            job_id,
            (JobStatus.RUNNING,),
            status=JobStatus.SUCCEEDED,
            progress=1.0,
            finished_at=self._now(),
            model_version=manifest.version,
            metrics=manifest.metrics,
            promoted=promoted,
            reason=reason,
        )

    @override
    def fail(self, job_id: str, error: str) -> Job:
        return self._update(job_id, OPEN, status=JobStatus.FAILED, finished_at=self._now(), error=error)

    def _update(self, job_id: str, origin: tuple[JobStatus, ...], **changes: object) -> Job:
        if self.get(job_id).status not in origin:
            raise Conflict(f"job {job_id} is not {' or '.join(origin)}")
        job = self.jobs[job_id]
        self.jobs[job_id] = job.model_copy(update=changes)
        return self.jobs[job_id]


class Down:
    """Any port, of a service that does not answer; the error has a text that no caller may see."""

    SECRET = "socket closed by 10.1.2.3"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> None:
            raise Unavailable(f"{name}: {self.SECRET}")

        return refuse


class Broken:
    """Any port, implemented by code with a bug."""

    SECRET = "division of 10.1.2.3 by zero"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError(self.SECRET)

        return fail
