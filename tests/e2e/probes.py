"""For each permission of template.yaml a use that fails without it."""

from collections.abc import Callable
from dataclasses import dataclass

from menagerie.job import DatasetSource, FeedbackSource
from tests.e2e.permissions import Permission
from tests.e2e.uses import MISSING, Uses, refused

P = Permission
MODEL_FILES = ["manifest.json", "model.onnx", "rows.csv.gz"]
START_TRAINING = P("RetrainRole", "StartTraining", "lambda:InvokeFunction")


@dataclass(frozen=True)
class Probe:
    """A use of one permission, and what comes of it with and without."""

    use: Callable[[Uses], object]
    works: object
    fails: object
    given_without: Permission | None = None
    """What is taken away in both cases, since only then the permission is needed."""


def route(method: str, path: str, works: int = 200) -> Probe:
    return Probe(lambda uses: uses.status(method, path, {"version": MISSING}), works, 503)


def warning(message: str) -> Probe:
    """A training that succeeds all the same, and says in its log what it could not do."""
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
    # First of those that train: a function that fails begins anew, which takes seconds, as it does at first anyway.
    P("TrainRole", "KeepJobs", "dynamodb:UpdateItem"): Probe(lambda uses: uses.run().status, "succeeded", "queued"),
    P("TrainRole", "KeepModels", "s3:GetObject"): Probe(lambda uses: uses.run().status, "succeeded", "failed"),
    P("TrainRole", "KeepModels", "s3:PutObject"): Probe(lambda uses: uses.run().status, "succeeded", "failed"),
    # A new version is named after the newest there is, so that the clock may step.
    P("TrainRole", "ListModels", "s3:ListBucket"): Probe(lambda uses: uses.run().status, "succeeded", "failed"),
    P("TrainRole", "RemoveOldModels", "s3:DeleteObject", "models/*/manifest.json"): retirement(MODEL_FILES),
    P("TrainRole", "RemoveOldModels", "s3:DeleteObject", "models/*/model.onnx"): retirement(MODEL_FILES[1:]),
    P("TrainRole", "RemoveOldModels", "s3:DeleteObject", "models/*/rows.csv.gz"): retirement(MODEL_FILES[2:]),
    P("TrainRole", "ReadDatasets", "s3:GetObject"): Probe(
        lambda uses: refused(uses.run(DatasetSource(key="datasets/nothing.csv")).error), False, True
    ),
    P("TrainRole", "KeepJobs", "dynamodb:GetItem"): warning("end not published"),
    P("TrainRole", "ReadFeedback", "dynamodb:Query"): Probe(
        lambda uses: refused(uses.run(FeedbackSource()).error), False, True
    ),
    P("TrainRole", "TellHowItEnded", "events:PutEvents"): warning("end not published"),
    P("RetrainRole", "ReadModels", "s3:GetObject"): route("PUT", "/models/current", works=404),
    P("RetrainRole", "ListModels", "s3:ListBucket"): Probe(
        lambda uses: uses.event("aws.events") != "refused", True, False
    ),
    P("RetrainRole", "Promote", "s3:PutObject"): Probe(Uses.promote_another, 200, 503),
    P("RetrainRole", "KeepJobs", "dynamodb:PutItem"): Probe(Uses.ask_for_job, (202, "succeeded"), (503, "none")),
    P("RetrainRole", "KeepJobs", "dynamodb:Query"): route("GET", "/retrain"),
    P("RetrainRole", "KeepJobs", "dynamodb:GetItem"): route("GET", "/retrain/01KG9YS7G0CMGJ51PYK3YN6HD1", works=404),
    P("RetrainRole", "KeepJobs", "dynamodb:UpdateItem"): Probe(
        Uses.ask_for_job, (503, "failed"), (503, "queued"), given_without=START_TRAINING
    ),
    # A key whose job could not be started is forgotten, so that the same request may try again.
    P("RetrainRole", "KeepJobs", "dynamodb:DeleteItem"): Probe(
        Uses.ask_twice_with_one_key, (503, 503), (503, 202), given_without=START_TRAINING
    ),
    P("RetrainRole", "CountFeedback", "dynamodb:Query"): Probe(
        lambda uses: uses.event("aws.events") != "refused", True, False
    ),
    START_TRAINING: Probe(Uses.ask_for_job, (202, "succeeded"), (503, "failed")),
}

# The emulator writes what a function prints into its log group by itself; on AWS these two are what allows it.
NOT_ASKED_FOR = [
    P(role, "WriteLogLines", action)
    for role in ("PredictRole", "RetrainRole", "TrainRole")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents")
]
# The emulator knows no dynamodb:LeadingKeys, and takes what it does not know for met.
CONDITIONS_NOT_EVALUATED = [("RetrainRole", "CountFeedback"), ("TrainRole", "ReadFeedback")]
