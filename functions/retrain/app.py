"""The retrain function's HTTP side as an application: its routes, and `create_app`, which connects them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response

from functions.http.app import http_app, log_fields
from functions.http.operator_key import NO_OPERATOR, OperatorKey
from functions.http.problems import documented
from functions.http.requests import documented_body, idempotency_key, json_body
from functions.log import function_log
from functions.retrain.start_retraining import start_retraining
from menagerie.api import Promoted, Promotion
from menagerie.errors import UnreadablePointer
from menagerie.job import Job, Jobs, TrainingRequest

if TYPE_CHECKING:
    from menagerie.manifest import ModelManifest, Pointer
    from menagerie.ports.jobs import JobStore
    from menagerie.ports.registry import ModelRegistry


@dataclass(frozen=True, slots=True)
class RetrainDependencies:
    """The collaborators of the routes."""

    jobs: "JobStore"
    registry: "ModelRegistry"
    start_worker: Callable[[str], None]
    """Takes a job id and returns before the work is done; raises Unavailable."""
    verify: "Callable[[bytes, ModelManifest], object]"
    """Opens a model; raises ModelRejected."""
    operator: OperatorKey
    """The key that starts jobs and promotes models."""


def open_model(model: bytes, manifest: "ModelManifest") -> object:
    """Open a model as the predict function does; raise ModelRejected."""
    # Late: of all routes only a promotion needs onnxruntime.
    from menagerie.classifier import OnnxClassifier

    return OnnxClassifier.load(model, manifest)


def create_app(
    jobs: "JobStore",
    registry: "ModelRegistry",
    start_worker: Callable[[str], None],
    *,
    operator: OperatorKey = NO_OPERATOR,
    verify: "Callable[[bytes, ModelManifest], object]" = open_model,
) -> FastAPI:
    """Return the application for a store of jobs, the registry, and a function that starts the worker of a job."""
    dependencies = RetrainDependencies(jobs, registry, start_worker, verify, operator)
    return http_app(router, dependencies=dependencies, log=function_log("retrain"))


async def _dependencies(request: Request) -> RetrainDependencies:
    dependencies: RetrainDependencies = request.app.state.dependencies
    return dependencies


async def _require_operator(request: Request, dependencies: "Dependencies") -> None:
    dependencies.operator.require(request)


Dependencies = Annotated[RetrainDependencies, Depends(_dependencies)]
_FOR_OPERATOR = [Depends(_require_operator)]

# `async def` for the reason given in functions/predict/app.py.
router = APIRouter()

_LOCATION = {"Location": {"description": "The job, relative to this address.", "schema": {"type": "string"}}}


@router.post(
    "/retrain",
    tags=["retraining"],
    status_code=202,
    dependencies=_FOR_OPERATOR,
    openapi_extra=documented_body(TrainingRequest, required=False, idempotent=True),
    responses={202: {"headers": _LOCATION}, **documented(403, 409, 413, 422, 503)},
)
async def retrain(
    request: Request,
    response: Response,
    body: Annotated[TrainingRequest, Depends(json_body(TrainingRequest, empty=b"{}"))],
    dependencies: Dependencies,
) -> Job:
    """Queue a retraining job and return at once. One job runs at a time. Takes the operator's key."""
    key = idempotency_key(request, body)
    job = start_retraining(body, jobs=dependencies.jobs, start_worker=dependencies.start_worker, key=key)
    log_fields(request)["job_id"] = job.job_id
    # Relative, because only the caller knows the prefix of the path: a stage, a domain's path, an emulator's.
    response.headers["Location"] = f"./retrain/{job.job_id}"
    return job


@router.get("/retrain", tags=["retraining"], responses=documented(422, 503))
async def list_jobs(dependencies: Dependencies, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Jobs:
    """List the latest jobs, newest first."""
    return Jobs(items=dependencies.jobs.recent(limit))


@router.get("/retrain/{job_id}", tags=["retraining"], responses=documented(404, 503))
async def get_job(job_id: str, dependencies: Dependencies) -> Job:
    """Return a job: its status, stage, progress and outcome."""
    return dependencies.jobs.get(job_id)


@router.put(
    "/models/current",
    tags=["models"],
    dependencies=_FOR_OPERATOR,
    openapi_extra=documented_body(Promotion),
    responses=documented(403, 404, 409, 413, 422, 503),
)
async def promote(
    request: Request, body: Annotated[Promotion, Depends(json_body(Promotion))], dependencies: Dependencies
) -> Promoted:
    """Make a model the one that answers: promote it, or roll back to it. Takes the operator's key."""
    pointer = promote_model(body.version, dependencies.registry, dependencies.verify)
    log_fields(request)["model_version"] = pointer.version
    return Promoted(version=pointer.version, promoted_at=pointer.promoted_at)


def promote_model(
    version: str, registry: "ModelRegistry", verify: "Callable[[bytes, ModelManifest], object]"
) -> "Pointer":
    """Make a version current, forwards or back, once `verify` has opened it; return the new pointer.

    A pointer that cannot be read is replaced. Raises NotFound, ModelRejected, or Conflict if another promotion came
    first.
    """
    try:
        before = registry.current()
    except UnreadablePointer as error:
        before = error.pointer
    verify(registry.model(version), registry.manifest(version))
    if before and before.version == version:
        return before
    return registry.promote(version, expected=before)
