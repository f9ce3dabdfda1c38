"""Jobs that no request asks for: an uploaded file, the clock, and what waited for another job to end."""

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from functions.retrain.start_retraining import start_retraining
from functions.train.job_events import SOURCE
from menagerie.clock import utc_now
from menagerie.errors import Conflict, InvalidInput
from menagerie.idempotency import IdempotencyKey
from menagerie.job import DatasetSource, FeedbackSource, TrainingRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.retrain.dependencies import RetrainDependencies
    from menagerie.feedback import FeedbackStore, LabelledAnimal
    from menagerie.registry import ModelRegistry

Told = dict[str, Any]
"""What came of an event, for the log."""


def start_by_event(
    event: dict[str, Any],
    dependencies: "RetrainDependencies",
    feedback: "FeedbackStore",
    minimum_new_feedback: int,
    now: "Callable[[], datetime]" = utc_now,
) -> Told:
    """Start the job that an event of EventBridge calls for, if any; raise InvalidInput for one that nobody knows."""
    match event:
        case {"source": "aws.s3", "id": str(name), "detail": {"object": {"key": str(key)}}}:
            return _on_upload(name, key, dependencies)
        case {"source": "aws.events", "id": str(name)}:
            new = _new_feedback(dependencies.registry, feedback.given(), now())
            return _on_schedule(name, dependencies, new, minimum_new_feedback)
        case {"source": source} if source == SOURCE:
            return _on_end(dependencies)
    raise InvalidInput(f"an event from {event.get('source')!r} starts nothing")


def _on_upload(name: str, key: str, dependencies: "RetrainDependencies") -> Told:
    try:
        request = TrainingRequest(source=DatasetSource(key=key))
    except ValidationError:
        return {"done": "nothing", "reason": f"{key[:200]!r} is no dataset"}
    try:
        job = start_retraining(request, dependencies, _key(name, request))
    except Conflict as error:
        dependencies.jobs.defer(request)
        # That job may have ended before this one was put off, and nobody would come back for it.
        told = _on_end(dependencies)
        if told["done"] == "started":
            return told
        return {"done": "put off", "reason": f"{error}; the end of that job starts this one", "key": key}
    return {"done": "started", "job_id": job.job_id, "key": key}


def _on_schedule(name: str, dependencies: "RetrainDependencies", new: int, minimum_new_feedback: int) -> Told:
    if new < minimum_new_feedback:
        # The chance to start what a worker that died left waiting.
        return {**_on_end(dependencies), "reason": f"{new} new feedbacks, {minimum_new_feedback} are needed"}
    request = TrainingRequest(source=FeedbackSource())
    try:
        job = start_retraining(request, dependencies, _key(name, request))
    except Conflict as error:
        return {"done": "nothing", "reason": f"{error}; the next time of the schedule looks again"}
    return {"done": "started", "job_id": job.job_id, "new_feedback": new}


def _new_feedback(registry: "ModelRegistry", given: "list[LabelledAnimal]", now: "datetime") -> int:
    """Return how many predictions have feedback that the last training from feedback did not see.

    By time, which finds changed feedback as well, and by number, which holds if the clock was wrong then or is now.
    """
    last = next((each for each in registry.manifests() if each.training.kind == "feedback"), None)
    if last is None:
        return len(given)
    since = sum(last.created_at < each.given_at <= now for each in given)
    seen = last.training.feedback_rows
    return max(since, len(given) - seen if seen else 0)


def _on_end(dependencies: "RetrainDependencies") -> Told:
    jobs = dependencies.jobs
    for request in jobs.deferred():
        try:
            job = start_retraining(request, dependencies)
        except Conflict as error:
            return {"done": "nothing", "reason": f"{error}; its end starts what waits"}
        jobs.delete_deferred(request)
        return {"done": "started", "job_id": job.job_id, "source": request.source.model_dump()}
    return {"done": "nothing", "reason": "nothing waits"}


def _key(name: str, request: TrainingRequest) -> IdempotencyKey:
    # EventBridge delivers at least once, each time under the same id.
    return IdempotencyKey.of(f"event {name}", request.model_dump_json().encode())
