"""The routes of the retrain function."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from functions.http.idempotency_key import PARAMETER, key_of
from functions.http.json_body import json_body, read_json
from functions.http.problems import documented
from functions.http.request_log import log_of
from functions.retrain.dependencies import dependencies_of
from functions.retrain.promote_model import promote_model
from functions.retrain.start_retraining import start_retraining
from menagerie.api import Jobs, Promoted, Promotion
from menagerie.job import Job, TrainingRequest

# `async def` for the reason given in functions/predict/routes.py.
router = APIRouter()

_LOCATION = {"Location": {"description": "The job, relative to this address.", "schema": {"type": "string"}}}


@router.post(
    "/retrain",
    tags=["retraining"],
    status_code=202,
    response_model=Job,
    openapi_extra={**json_body(TrainingRequest, required=False), **PARAMETER},
    responses={202: {"headers": _LOCATION}, **documented(403, 409, 413, 422, 503)},
)
async def retrain(request: Request) -> Response:
    """Queue a retraining job and return at once. One job runs at a time. Takes the operator's key."""
    dependencies_of(request).operator.require(request)
    asked = await read_json(request, TrainingRequest, empty=b"{}")
    job = start_retraining(asked, dependencies_of(request), key_of(request, asked))
    log_of(request.scope)["job_id"] = job.job_id
    # Relative, because only the caller knows what stands before the path: a stage, a domain, an emulator's prefix.
    return _json(job.model_dump_json(), 202, {"Location": f"./retrain/{job.job_id}"})


@router.get("/retrain", tags=["retraining"], response_model=Jobs, responses=documented(422, 503))
async def list_jobs(request: Request, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Response:
    """List the latest jobs, newest first."""
    return _json(Jobs(items=dependencies_of(request).jobs.recent(limit)).model_dump_json())


@router.get("/retrain/{job_id}", tags=["retraining"], response_model=Job, responses=documented(404, 503))
async def get_job(request: Request, job_id: str) -> Response:
    """Tell how far a job is and what came of it."""
    return _json(dependencies_of(request).jobs.get(job_id).model_dump_json())


@router.put(
    "/models/current",
    tags=["models"],
    response_model=Promoted,
    openapi_extra=json_body(Promotion),
    responses=documented(403, 404, 409, 413, 422, 503),
)
async def promote(request: Request) -> Response:
    """Make a model the one that answers: promote it, or roll back to it. Takes the operator's key."""
    dependencies_of(request).operator.require(request)
    asked = await read_json(request, Promotion)
    pointer = promote_model(asked.version, dependencies_of(request))
    log_of(request.scope)["model_version"] = pointer.version
    return _json(Promoted(version=pointer.version, promoted_at=pointer.promoted_at).model_dump_json())


def _json(document: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(document, status, headers, media_type="application/json")
