"""Start training jobs by events: an uploaded file, the schedule, and the end of another job."""

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from functions.retrain.start_retraining import start_retraining
from menagerie.aws.messages import SOURCE
from menagerie.clock import Clock, utc_now
from menagerie.errors import Conflict, InvalidInput
from menagerie.idempotency import IdempotencyKey
from menagerie.job import DatasetSource, FeedbackSource, TrainingRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from menagerie.ports.feedback import FeedbackStore, LabelledAnimal
    from menagerie.ports.jobs import JobStore
    from menagerie.ports.registry import ModelRegistry

    StartWorker = Callable[[str], None]

Outcome = dict[str, Any]
"""The effect of an event: `done` is `started`, `deferred` or `nothing`; the other fields are for the log."""


def start_by_event(
    event: dict[str, Any],
    *,
    jobs: "JobStore",
    registry: "ModelRegistry",
    feedback: "FeedbackStore",
    start_worker: "StartWorker",
    minimum_new_feedback: int,
    now: Clock = utc_now,
) -> Outcome:
    """Start the job that an event of EventBridge calls for, if any; raise InvalidInput for an unknown event."""
    match event:
        case {"source": "aws.s3", "id": str(event_id), "detail": {"object": {"key": str(key)}}}:
            return _on_upload(event_id, key, jobs, start_worker)
        case {"source": "aws.events", "id": str(event_id)}:
            new = _new_feedback(registry, feedback.given(), now())
            return _on_schedule(event_id, jobs, start_worker, new, minimum_new_feedback)
        case {"source": source} if source == SOURCE:
            return _on_end(jobs, start_worker)
    raise InvalidInput(f"an event from {event.get('source')!r} starts nothing")


def _on_upload(event_id: str, key: str, jobs: "JobStore", start_worker: "StartWorker") -> Outcome:
    try:
        request = TrainingRequest(source=DatasetSource(key=key))
    except ValidationError:
        return {"done": "nothing", "reason": f"{key[:200]!r} is no dataset"}
    try:
        job = start_retraining(request, jobs=jobs, start_worker=start_worker, key=_key(event_id, request))
    except Conflict as error:
        jobs.defer(request)
        # That job may have ended before this request was deferred, and no other event would start it.
        outcome = _on_end(jobs, start_worker)
        if outcome["done"] == "started":
            return outcome
        return {"done": "deferred", "reason": f"{error}; the end of that job starts this one", "key": key}
    return {"done": "started", "job_id": job.job_id, "key": key}


def _on_schedule(
    event_id: str, jobs: "JobStore", start_worker: "StartWorker", new: int, minimum_new_feedback: int
) -> Outcome:
    if new < minimum_new_feedback:
        # Starts a deferred request whose turn a worker that died has missed.
        reason = f"{new} new feedbacks, {minimum_new_feedback} are needed"
        return {**_on_end(jobs, start_worker), "reason": reason}
    request = TrainingRequest(source=FeedbackSource())
    try:
        job = start_retraining(request, jobs=jobs, start_worker=start_worker, key=_key(event_id, request))
    except Conflict as error:
        return {"done": "nothing", "reason": f"{error}; the schedule tries again"}
    return {"done": "started", "job_id": job.job_id, "new_feedback": new}


def _new_feedback(registry: "ModelRegistry", given: "list[LabelledAnimal]", now: "datetime") -> int:
    """Return the number of predictions whose feedback the last training from feedback did not have.

    By time, which counts changed feedback as well, and by number, which is right if the clock was or is wrong.
    """
    last = next((manifest for manifest in registry.manifests() if manifest.training.kind == "feedback"), None)
    if last is None:
        return len(given)
    since = sum(last.created_at < animal.given_at <= now for animal in given)
    seen = last.training.feedback_rows
    return max(since, len(given) - seen if seen else 0)


def _on_end(jobs: "JobStore", start_worker: "StartWorker") -> Outcome:
    for request in jobs.deferred():
        try:
            job = start_retraining(request, jobs=jobs, start_worker=start_worker)
        except Conflict as error:
            return {"done": "nothing", "reason": f"{error}; its end starts the deferred requests"}
        jobs.delete_deferred(request)
        return {"done": "started", "job_id": job.job_id, "source": request.source.model_dump()}
    return {"done": "nothing", "reason": "no request is deferred"}


def _key(event_id: str, request: TrainingRequest) -> IdempotencyKey:
    # EventBridge delivers at least once, each time under the same id.
    return IdempotencyKey.of(f"event {event_id}", request.model_dump_json().encode())
