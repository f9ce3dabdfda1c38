"""Step the clock forward and back between predictions, jobs, feedback and models, on moto."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from mangum import Mangum

from benchmarks.faults.outcome import Outcome
from benchmarks.faults.storage import BUCKET, JOBS, PATIENCE, PREDICTIONS, account
from functions.http.app import lambda_handler
from functions.predict.app import create_app as predict_app
from functions.predict.current_model import CurrentModel
from functions.retrain.app import create_app as retrain_app
from menagerie.aws.feedback import DynamoDBFeedbackStore
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.aws.registry import S3ModelRegistry
from tests.fakes import InMemoryMetrics
from tests.samples import DOG
from tests.unit.functions.gateway import Answer, call

JUMPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, -1, 3600, -3600, 86_400, -86_400, 172_800, -172_800, -172_800, 172_800)
)
PREDICTIONS_AFTER_A_JUMP = 3


class Clock:
    """A clock that advances by a tenth of a second at each call. Tests change `moment` to step it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the current time."""
        self.moment += timedelta(seconds=0.1)
        return self.moment


def jump_clocks() -> Outcome:
    """Step the clock, and check predictions, idempotency keys, jobs and the history after each step."""
    outcome = Outcome("clock stepped, by 1 s to 2 days, forward or back")
    clock = Clock()
    with account() as (s3, dynamodb):
        registry = S3ModelRegistry(s3, BUCKET)
        predictions = DynamoDBPredictionStore(dynamodb, PREDICTIONS, now=clock)
        feedback = DynamoDBFeedbackStore(dynamodb, PREDICTIONS)
        models = CurrentModel(registry, refresh_seconds=0)
        app = predict_app(models, registry, predictions, feedback, InMemoryMetrics(), now=clock)
        predict = lambda_handler(app)
        jobs = DynamoDBJobStore(dynamodb, JOBS, patience=PATIENCE, now=clock)
        started: list[str] = []
        retrain = lambda_handler(retrain_app(jobs, registry, started.append))
        expected: dict[str, str] = {}
        for turn, jump in enumerate(JUMPS):
            clock.moment += jump
            outcome.injected += 1
            for number in range(PREDICTIONS_AFTER_A_JUMP):
                key = {"content-type": "application/json", "idempotency-key": f"{turn}-{number}"}
                body = {"animals": [DOG.model_dump()]}
                first = _count(outcome, call(predict, "POST", "/predict", json_body=body, headers=key))
                clock.moment += jump * (number == 1) - jump * (number == 2)
                again = _count(outcome, call(predict, "POST", "/predict", json_body=body, headers=key))
                outcome.doubled += first != again
                (made,) = first["predictions"]
                expected[made["id"]] = made["species"]
            _run_a_job(outcome, jobs, retrain, started, clock)
            _compare_history(outcome, predict, expected)
    return outcome


def _run_a_job(outcome: Outcome, jobs: DynamoDBJobStore, retrain: Mangum, started: list[str], clock: Clock) -> None:
    job = _count(outcome, call(retrain, "POST", "/retrain", json_body={"promote": "never"}))
    if not started:
        return
    jobs.start(started.pop(), clock() + timedelta(minutes=15))
    jobs.fail(job["job_id"], "ended by the scenario")
    newest = _count(outcome, call(retrain, "GET", "/retrain"))["items"][0]
    if newest["job_id"] != job["job_id"]:
        outcome.wrong += 1
        outcome.note(f"the newest job is {newest}, not {job}")


def _compare_history(outcome: Outcome, predict: Mangum, expected: dict[str, str]) -> None:
    found: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = _count(outcome, call(predict, "GET", f"/predictions?limit=7{cursor}"))
        found += [(item["id"], item["species"]) for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    outcome.lost += len(expected.keys() - dict(found).keys())
    outcome.doubled += len(found) - len(dict(found))
    outcome.wrong += sum(expected.get(key) != species for key, species in found)


def _count(outcome: Outcome, answer: Answer) -> dict[str, Any]:
    outcome.answered += answer.status < 300
    if answer.status >= 300:
        outcome.unexplained += answer.status >= 500
        outcome.wrong += answer.status < 500
        outcome.note(f"{answer.status}: {answer.text}")
    return dict(json.loads(answer.text))
