"""For each permission in template.yaml, an operation that fails without it."""

from collections.abc import Callable
from dataclasses import dataclass

from menagerie.job import DatasetSource, FeedbackSource
from tests.e2e.permissions import Permission
from tests.e2e.uses import MISSING, Uses, is_access_denied

P = Permission
MODEL_FILES = ["manifest.json", "model.onnx", "rows.csv.gz"]
START_TRAINING = P("RetrainRole", "StartTraining", "lambda:InvokeFunction")


@dataclass(frozen=True)
class Probe:
    """An operation that needs one permission, and its result with and without it."""

    use: Callable[[Uses], object]
    works: object
    fails: object
    also_removed: Permission | None = None
    """A permission that is removed in both cases, because the tested one is only needed without it."""


def route(method: str, path: str, works: int = 200) -> Probe:
    return Probe(lambda uses: uses.status(method, path, {"version": MISSING}), works, 503)


def warning(message: str) -> Probe:
    """A training that succeeds, but logs this warning without the permission."""
    return Probe(lambda uses: (ran := uses.run()).status + (f", {message}" if message in ran.log else ""),
                 "succeeded", f"succeeded, {message}")  # fmt: skip


def retirement(left: list[str]) -> Probe:
    return Probe(lambda uses: uses.files_of_old_model_after_a_job(), [], left)


PROBES = {
    P("PredictRole", "ReadModels", "s3:GetObject"): route("GET", f"/models/{MISSING}", works=404),
    P("PredictRole", "ListModels", "s3:ListBucket"): route("GET", "/models"),
    P("PredictRole", "KeepPredictions", "dynamodb:PutItem"): Probe(Uses.predict, 200, 503),
    P("PredictRole", "KeepPredictions", "dynamodb:Query"): route("GET", "/predictions"),
    P("PredictRole", "KeepPredictions", "dynamodb:GetItem"): Probe(
        lambda uses: uses.status("GET", f"/predictions/{uses.prediction()}"), 200, 503
    ),
    P("PredictRole", "KeepPredictions", "dynamodb:UpdateItem"): Probe(
        lambda uses: uses.status("PUT", f"/predictions/{uses.prediction()}/feedback", {"species": "dog"}), 200, 503
    ),
    P("PredictRole", "ReadMetrics", "cloudwatch:GetMetricData"): route("GET", "/metrics"),
    # First among the trainings: the cold start after a failure takes seconds, and the first one is cold anyway.
    P("TrainRole", "KeepJobs", "dynamodb:UpdateItem"): Probe(lambda uses: uses.run().status, "succeeded", "queued"),
    P("TrainRole", "KeepModels", "s3:GetObject"): Probe(lambda uses: uses.run().status, "succeeded", "failed"),
    P("TrainRole", "KeepModels", "s3:PutObject"): Probe(lambda uses: uses.run().status, "succeeded", "failed"),
    # A new version must sort after the newest existing one, even if the clock was corrected.
    P("TrainRole", "ListModels", "s3:ListBucket"): Probe(lambda uses: uses.run().status, "succeeded", "failed"),
    P("TrainRole", "RemoveOldModels", "s3:DeleteObject", "models/*/manifest.json"): retirement(MODEL_FILES),
    P("TrainRole", "RemoveOldModels", "s3:DeleteObject", "models/*/model.onnx"): retirement(MODEL_FILES[1:]),
    P("TrainRole", "RemoveOldModels", "s3:DeleteObject", "models/*/rows.csv.gz"): retirement(MODEL_FILES[2:]),
    P("TrainRole", "ReadDatasets", "s3:GetObject"): Probe(
        lambda uses: is_access_denied(uses.run(DatasetSource(key="datasets/nothing.csv")).error), False, True
    ),
    P("TrainRole", "KeepJobs", "dynamodb:GetItem"): warning("end not published"),
    P("TrainRole", "ReadFeedback", "dynamodb:Query"): Probe(
        lambda uses: is_access_denied(uses.run(FeedbackSource()).error), False, True
    ),
    P("TrainRole", "PublishEnd", "events:PutEvents"): warning("end not published"),
    P("RetrainRole", "ReadModels", "s3:GetObject"): route("PUT", "/models/current", works=404),
    P("RetrainRole", "ListModels", "s3:ListBucket"): Probe(
        lambda uses: uses.event("aws.events") != "refused", True, False
    ),
    P("RetrainRole", "Promote", "s3:PutObject"): Probe(Uses.promote_another, 200, 503),
    P("RetrainRole", "KeepJobs", "dynamodb:PutItem"): Probe(Uses.request_job, (202, "succeeded"), (503, "none")),
    P("RetrainRole", "KeepJobs", "dynamodb:Query"): route("GET", "/retrain"),
    P("RetrainRole", "KeepJobs", "dynamodb:GetItem"): route("GET", "/retrain/01KG9YS7G0CMGJ51PYK3YN6HD1", works=404),
    P("RetrainRole", "KeepJobs", "dynamodb:UpdateItem"): Probe(
        Uses.request_job, (503, "failed"), (503, "queued"), also_removed=START_TRAINING
    ),
    # If a job cannot be started, its idempotency key is deleted, so that the same request can be repeated.
    P("RetrainRole", "KeepJobs", "dynamodb:DeleteItem"): Probe(
        Uses.request_job_twice, (503, 503), (503, 202), also_removed=START_TRAINING
    ),
    P("RetrainRole", "CountFeedback", "dynamodb:Query"): Probe(
        lambda uses: uses.event("aws.events") != "refused", True, False
    ),
    START_TRAINING: Probe(Uses.request_job, (202, "succeeded"), (503, "failed")),
}

# The emulator writes log lines itself. On AWS the functions need these two permissions for it.
NOT_EVALUATED = [
    P(role, "WriteLogLines", action)
    for role in ("PredictRole", "RetrainRole", "TrainRole")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents")
]
# The emulator does not support dynamodb:LeadingKeys, and treats unknown conditions as met.
CONDITIONS_NOT_EVALUATED = [("RetrainRole", "CountFeedback"), ("TrainRole", "ReadFeedback")]
