"""`menagerie retrain`: start a retraining job through the API and follow it."""

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloud.api import ApiKey, ApiUrl
from cloud.commands.options import DEFAULT_STACK, Stack, StateDir
from cloud.state.directory import DEFAULT_STATE_DIR
from menagerie.job import MAX_DATAPOINTS, PromotionRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.api import Api

SECONDS_BETWEEN_POLLS = 0.3


class SourceKind(StrEnum):
    """The sources of training rows."""

    DATA_SERVICE = "data-service"
    FEEDBACK = "feedback"
    DATASET = "dataset"


def retrain(
    source: Annotated[SourceKind, typer.Option(help="Source of the training rows.")] = SourceKind.DATA_SERVICE,
    seed: Annotated[int, typer.Option(help="Seed for the data service.")] = 42,
    number_of_datapoints: Annotated[int, typer.Option(min=1, max=MAX_DATAPOINTS, help="Number of rows.")] = 1000,
    key: Annotated[str | None, typer.Option(help="Key of the dataset, datasets/….csv, with --source dataset.")] = None,
    promote: Annotated[PromotionRule, typer.Option(help="When the new model becomes current.")] = "if-better",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end of the job; exit status 1 if it fails.")
    ] = False,
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Start a retraining job. Only one can run at a time."""
    from cloud.api import Api

    api = Api.of(state_dir, stack, api_url, api_key)
    job = api.call("POST", "/retrain", {"source": _source(source, seed, number_of_datapoints, key), "promote": promote})
    if not wait:
        typer.echo(f"job {job['job_id']} is {job['status']}")
        return
    typer.echo(summary(_watched(api, job["job_id"])))


def follow(api: "Api", job_id: str, progress: "Callable[[dict[str, Any]], None]") -> dict[str, Any]:
    """Poll a job, pass each state to `progress`, and return the last one; raise TrainingFailed if the job failed."""
    from menagerie.errors import TrainingFailed

    while True:
        job = api.call("GET", f"/retrain/{job_id}")
        progress(job)
        if job["status"] == "failed":
            raise TrainingFailed(f"job {job_id} failed: {job['error']}")
        if job["status"] == "succeeded":
            return job
        time.sleep(SECONDS_BETWEEN_POLLS)


def summary(job: dict[str, Any]) -> str:
    """Return the result of a job in two lines."""
    accuracy = job["metrics"]["accuracy"]
    return f"model {job['model_version']}, accuracy {accuracy:.5f} on held-out rows\n{job['reason']}"


def _source(kind: SourceKind, seed: int, number_of_datapoints: int, key: str | None) -> dict[str, Any]:
    from menagerie.errors import InvalidInput

    if (key is not None) != (kind is SourceKind.DATASET):
        raise InvalidInput("--key and --source dataset need each other")
    match kind:
        case SourceKind.DATA_SERVICE:
            return {"kind": kind, "seed": seed, "number_of_datapoints": number_of_datapoints}
        case SourceKind.FEEDBACK:
            return {"kind": kind}
        case SourceKind.DATASET:
            return {"kind": kind, "key": key}


def _watched(api: "Api", job_id: str) -> dict[str, Any]:
    from cloud.console import Steps

    with Steps().stages() as report:
        return follow(api, job_id, lambda job: report(job["stage"] or job["status"], job["progress"]))
