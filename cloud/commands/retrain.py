"""`menagerie retrain`: ask the API for a retraining, and watch it."""

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

SECONDS_BETWEEN_LOOKS = 0.3


class SourceKind(StrEnum):
    """Where rows may come from."""

    DATA_SERVICE = "data-service"
    FEEDBACK = "feedback"
    DATASET = "dataset"


def retrain(
    source: Annotated[SourceKind, typer.Option(help="Where the rows come from.")] = SourceKind.DATA_SERVICE,
    seed: Annotated[int, typer.Option(help="Which rows the data service gives.")] = 42,
    number_of_datapoints: Annotated[int, typer.Option(min=1, max=MAX_DATAPOINTS, help="How many that is.")] = 1000,
    key: Annotated[str | None, typer.Option(help="With --source dataset: its key, datasets/….csv.")] = None,
    promote: Annotated[PromotionRule, typer.Option(help="When the new model becomes current.")] = "if-better",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the job has ended; status 1 if it failed.")] = False,
    stack: Stack = DEFAULT_STACK,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
) -> None:
    """Start a retraining job of the running application.

    Raises Conflict while another job runs, InvalidInput, NotFound, Unavailable, TrainingFailed.
    """
    from cloud.api import Api

    api = Api.of(state_dir, stack, api_url, api_key)
    job = api.call("POST", "/retrain", {"source": _source(source, seed, number_of_datapoints, key), "promote": promote})
    if not wait:
        typer.echo(f"job {job['job_id']} is {job['status']}")
        return
    typer.echo(summary(_watched(api, job["job_id"])))


def follow(api: "Api", job_id: str, tell: "Callable[[dict[str, Any]], None]") -> dict[str, Any]:
    """Return a job once it has ended, telling how it goes on the way; raise TrainingFailed if it failed."""
    from menagerie.errors import TrainingFailed

    while True:
        job = api.call("GET", f"/retrain/{job_id}")
        tell(job)
        if job["status"] == "failed":
            raise TrainingFailed(f"job {job_id} failed: {job['error']}")
        if job["status"] == "succeeded":
            return job
        time.sleep(SECONDS_BETWEEN_LOOKS)


def summary(job: dict[str, Any]) -> str:
    """Return what came of a job in two lines."""
    accuracy = job["metrics"]["accuracy"]
    return f"model {job['model_version']}, accuracy {accuracy:.5f} on held-out rows\n{job['reason']}"


def _source(kind: SourceKind, seed: int, number_of_datapoints: int, key: str | None) -> dict[str, Any]:
    from menagerie.errors import InvalidInput

    if (key is not None) != (kind is SourceKind.DATASET):
        raise InvalidInput("--key and --source dataset belong together")
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
