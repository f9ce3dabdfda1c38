"""In-memory stand-ins; each passes the contract tests of the adapter whose slot it fills."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from menagerie.clock import utc_now
from menagerie.cursor import Cursor
from menagerie.errors import Conflict, NotFound, Unavailable
from menagerie.feedback import LabelledAnimal
from menagerie.idempotency import CLOCK_STEP, KEPT, IdempotencyKey, KeyReused
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.job_store import OPEN, allowed_time, as_seen, corrected, lease
from menagerie.manifest import ModelManifest
from menagerie.prediction import Feedback, Prediction, PredictionPage
from menagerie.prediction_batch import PredictionBatch, parse_prediction_id
from menagerie.prediction_store import PageRequest
from menagerie.registry import Pointer, UnreadablePointer
from menagerie.service_metrics import SERIES, MetricWindow, Points, SeriesName
from menagerie.ulid import new_ulid


class InMemoryRegistry:
    """Fills `ModelRegistry`."""

    def __init__(self) -> None:
        self.models: dict[str, tuple[ModelManifest, bytes]] = {}
        self.training_rows: dict[str, bytes] = {}
        self.pointer: Pointer | None = None
        self.unreadable: UnreadablePointer | None = None

    def publish(self, manifest: ModelManifest, model: bytes, rows: bytes | None = None) -> None:
        if manifest.version in self.models:
            raise Conflict(f"{manifest.version} exists already")
        self.models[manifest.version] = (manifest, model)
        if rows is not None:
            self.training_rows[manifest.version] = rows

    def manifest(self, version: str) -> ModelManifest:
        return self._stored(version)[0]

    def model(self, version: str) -> bytes:
        return self._stored(version)[1]

    def rows(self, version: str) -> bytes:
        if version not in self.training_rows:
            raise NotFound(f"there is no model {version!r}")
        return self.training_rows[version]

    def manifests(self) -> list[ModelManifest]:
        return [self.models[version][0] for version in sorted(self.models, reverse=True)]

    def remove(self, version: str) -> None:
        self.models.pop(version, None)
        self.training_rows.pop(version, None)

    def current(self) -> Pointer | None:
        if self.unreadable:
            raise self.unreadable
        return self.pointer

    def damage_pointer(self) -> None:
        """Make the pointer one that cannot be read."""
        self.unreadable = UnreadablePointer("the pointer", "damaged")

    def promote(self, version: str, *, expected: Pointer | None) -> Pointer:
        self._stored(version)
        if expected != (self.unreadable.pointer if self.unreadable else self.pointer):
            raise Conflict("the current model changed in the meantime")
        self.unreadable = None
        turn = int(self.pointer.etag) + 1 if self.pointer else 1
        self.pointer = Pointer(version, datetime.now(UTC), str(turn))
        return self.pointer

    def _stored(self, version: str) -> tuple[ModelManifest, bytes]:
        if version not in self.models:
            raise NotFound(f"there is no model {version!r}")
        return self.models[version]


class InMemoryDatasets:
    """Fills `Datasets`."""

    def __init__(self, **files: bytes) -> None:
        self.files = {f"datasets/{name}.csv": content for name, content in files.items()}

    def read(self, key: str) -> bytes:
        if key not in self.files:
            raise NotFound(f"there is no dataset {key}")
        return self.files[key]


class InMemoryKeys:
    """What was answered under each key, until it expires."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: dict[str, tuple[str, str, datetime]] = {}

    def find(self, key: IdempotencyKey) -> str | None:
        digest, answer, forget_at = self._answers.get(key.key, ("", "", self._now()))
        if forget_at <= self._now():
            return None
        if digest != key.digest:
            raise KeyReused
        return answer

    def put(self, key: IdempotencyKey, answer: str) -> None:
        self._answers[key.key] = (key.digest, answer, self._now() + KEPT + CLOCK_STEP)

    def forget(self, key: IdempotencyKey) -> None:
        self._answers.pop(key.key, None)


class InMemoryPredictions:
    """Fills `PredictionStore`."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self.batches: dict[str, PredictionBatch] = {}
        self._keys = InMemoryKeys(now)

    def add(self, batch: PredictionBatch, key: IdempotencyKey | None = None) -> PredictionBatch:
        if key:
            first = self.answered(key)
            if first:
                return first
            self._keys.put(key, batch.request_id)
        self.batches[batch.request_id] = batch
        return batch

    def answered(self, key: IdempotencyKey) -> PredictionBatch | None:
        request_id = self._keys.find(key)
        return self.batches[request_id] if request_id else None

    def get(self, prediction_id: str) -> Prediction:
        request_id, position = parse_prediction_id(prediction_id) or ("", 0)
        batch = self.batches.get(request_id)
        if batch is None or position >= len(batch):
            raise NotFound("there is no such prediction")
        return batch.prediction(position)

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
            and (request.start is None or row.created_at >= _to_the_millisecond(request.start))
            and (request.end is None or row.created_at <= request.end)
            and (after is None or cursor.request_id < after.request_id or _later(cursor, after))
        ]
        page = wanted[: request.limit]
        more = str(page[-1][0]) if len(wanted) > request.limit else None
        return PredictionPage(items=[row for _, row in page], next_cursor=more)


class InMemoryFeedback:
    """Fills `FeedbackStore` beside an `InMemoryPredictions`."""

    def __init__(self, predictions: InMemoryPredictions) -> None:
        self._predictions = predictions
        self._said: dict[str, LabelledAnimal] = {}

    def give(self, prediction: Prediction, feedback: Feedback) -> None:
        request_id, position = parse_prediction_id(prediction.id) or ("", 0)
        if request_id not in self._predictions.batches:
            raise Conflict("there is no such prediction")
        batch = self._predictions.batches[request_id]
        self._predictions.batches[request_id] = replace(batch, feedback={**batch.feedback, position: feedback})
        self._said[prediction.id] = LabelledAnimal(
            prediction_id=prediction.id,
            animal=prediction.animal,
            species=feedback.species,
            given_at=feedback.given_at,
        )

    def given(self) -> list[LabelledAnimal]:
        return [self._said[prediction_id] for prediction_id in sorted(self._said)]


class InMemoryMetrics:
    """Fills `ServiceMetrics`."""

    def __init__(self) -> None:
        self.windows: list[MetricWindow] = []
        self._measured: dict[tuple[str, str], list[tuple[datetime, float]]] = {}

    def record(self, source: str, metric: str, at: datetime, *values: float) -> None:
        """Measure something."""
        self._measured.setdefault((source, metric), []).extend((at, value) for value in values)

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


def _to_the_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _later(cursor: Cursor, after: Cursor) -> bool:
    return cursor.request_id == after.request_id and cursor.position > after.position


class InMemoryJobs:
    """Fills `JobStore`."""

    def __init__(self, *, patience: timedelta, now: Callable[[], datetime] = utc_now) -> None:
        self.jobs: dict[str, Job] = {}
        self.expires: dict[str, datetime] = {}
        self._patience = patience
        self._now = now
        self._keys = InMemoryKeys(now)
        self._waiting: dict[str, TrainingRequest] = {}

    def put_off(self, request: TrainingRequest) -> None:
        self._waiting[request.model_dump_json()] = request

    def waiting(self) -> list[TrainingRequest]:
        return list(self._waiting.values())

    def put_off_no_more(self, request: TrainingRequest) -> None:
        self._waiting.pop(request.model_dump_json(), None)

    def accepted(self, key: IdempotencyKey) -> Job | None:
        document = self._keys.find(key)
        return Job.model_validate_json(document) if document else None

    def forget(self, key: IdempotencyKey) -> None:
        self._keys.forget(key)

    def create(self, request: TrainingRequest, key: IdempotencyKey | None = None) -> Job:
        first = self.accepted(key) if key else None
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

    def get(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound("there is no such job")
        job, written, now = self.jobs[job_id], self.expires[job_id], self._now()
        believed = corrected(job, written, now)
        if believed != written:
            self.expires[job_id] = believed
            self.jobs[job_id] = job.model_copy(update={"deadline": now + allowed_time(job)})
        return as_seen(job, believed, now)

    def recent(self, limit: int) -> list[Job]:
        return [self.get(job_id) for job_id in sorted(self.jobs, reverse=True)[:limit]]

    def start(self, job_id: str, deadline: datetime) -> Job:
        job = self._move(
            job_id, (JobStatus.QUEUED,), status=JobStatus.RUNNING, started_at=self._now(), deadline=deadline
        )
        self.expires[job_id] = lease(self._now(), deadline)
        return job

    def renew(self, job_id: str, deadline: datetime) -> None:
        self._move(job_id, (JobStatus.RUNNING,))
        self.expires[job_id] = lease(self._now(), deadline)

    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        self._move(job_id, (JobStatus.RUNNING,), stage=stage, progress=progress)

    def succeed(self, job_id: str, manifest: ModelManifest, *, promoted: bool, reason: str) -> Job:
        return self._move(
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

    def fail(self, job_id: str, error: str) -> Job:
        return self._move(job_id, OPEN, status=JobStatus.FAILED, finished_at=self._now(), error=error)

    def _move(self, job_id: str, origin: tuple[JobStatus, ...], **changes: object) -> Job:
        if self.get(job_id).status not in origin:
            raise Conflict(f"job {job_id} is not {' or '.join(origin)}")
        job = self.jobs[job_id]
        self.jobs[job_id] = job.model_copy(update=changes)
        return self.jobs[job_id]


class Down:
    """Fills any slot like a service that does not answer, with a text that no caller may see."""

    SECRET = "socket closed by 10.1.2.3"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> None:
            raise Unavailable(f"{name}: {self.SECRET}")

        return refuse


class Broken:
    """Fills any slot like code with a mistake in it."""

    SECRET = "division of 10.1.2.3 by zero"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError(self.SECRET)

        return fail
