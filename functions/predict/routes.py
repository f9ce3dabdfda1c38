"""The routes of the predict function, but for its documentation."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BeforeValidator

from functions.http.direct_route import DirectRoute
from functions.http.idempotency_key import PARAMETER, key_of
from functions.http.json_body import json_body, read_json
from functions.http.problems import documented
from functions.http.request_log import log_of
from functions.predict.dependencies import dependencies_of
from functions.predict.give_feedback import give_feedback
from functions.predict.predict_animals import predict_animals, to_answer
from functions.predict.read_metrics import LONGEST_PERIOD, PERIOD_STEP, metric_window, read_metrics
from functions.predict.sample_rows import DEFAULT_ROWS, MOST_ROWS, sample_rows
from menagerie.animal import Species
from menagerie.api import CloudMetrics, Health, Models, PredictRequest, PredictResponse, TrainingRows, TrueSpecies
from menagerie.errors import InvalidFields, InvalidInput, NotFound, UnreadablePointer
from menagerie.manifest import ModelManifest
from menagerie.prediction import Prediction, PredictionPage
from menagerie.prediction_store import CURSOR_PATTERN, MAX_PAGE, Cursor, PageRequest
from menagerie.registry import ModelRegistry

# All routes are `async def` although they wait for S3 and DynamoDB: Lambda sends an environment one request at a time,
# so there is nobody to keep waiting, and FastAPI's thread pool for `def` costs 0.3 ms a request.
router = APIRouter(route_class=DirectRoute)

_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}($|[T ])")


def _iso_8601(value: object) -> object:
    """Refuse what pydantic would read as seconds since 1970, and restore a plus sign.

    In the query string 2026-01-31T12:00:00+01:00, an unescaped plus sign arrives as a blank.
    """
    if not isinstance(value, str) or not _ISO_8601.match(value):
        # Worded as pydantic words its own messages.
        raise ValueError("input should be ISO 8601, as in 2026-01-31T12:00:00Z")
    return value.replace(" ", "+") if "T" in value else value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("input should be between the years 1 and 9999 in UTC") from error


Moment = Annotated[datetime, BeforeValidator(_iso_8601), AfterValidator(_in_utc)]


@router.post(
    "/predict",
    tags=["predictions"],
    response_model=PredictResponse,
    openapi_extra={**json_body(PredictRequest), **PARAMETER},
    responses=documented(404, 409, 413, 422, 503),
)
async def predict(request: Request) -> Response:
    """Classify 1 to 1000 animals. What is answered has been stored."""
    asked = await read_json(request, PredictRequest)
    batch = predict_animals(asked.animals, asked.model_version, dependencies_of(request), key_of(request, asked))
    log_of(request.scope).update(
        prediction_request_id=batch.request_id, model_version=batch.model_version, animals=len(batch)
    )
    return _json(to_answer(batch))


@router.get("/predictions", tags=["predictions"], response_model=PredictionPage, responses=documented(422, 503))
async def list_predictions(
    request: Request,
    start: Annotated[Moment | None, Query(alias="from", description="Created then or later; ISO 8601.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Created then or earlier; ISO 8601.")] = None,
    species: Annotated[Species | None, Query(description="Only this answer.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[
        str | None, Query(min_length=1, pattern=CURSOR_PATTERN, description="`next_cursor` of the page before.")
    ] = None,
) -> Response:
    """List stored predictions, newest first.

    A page may be shorter than `limit`, even empty, and still have a `next_cursor`: a search for something rare goes on
    with the next page. Without `next_cursor` there is no more.
    """
    if start and end and start > end:
        raise InvalidFields([("from", "Input should not be later than `to`")])
    asked = PageRequest(limit=limit, start=start, end=end, species=species, cursor=_parse(cursor))
    return _json(dependencies_of(request).predictions.page(asked).model_dump_json())


@router.get(
    "/predictions/{prediction_id}", tags=["predictions"], response_model=Prediction, responses=documented(404, 503)
)
async def get_prediction(request: Request, prediction_id: str) -> Response:
    """Return one stored prediction."""
    return _json(dependencies_of(request).predictions.get(prediction_id).model_dump_json())


@router.put(
    "/predictions/{prediction_id}/feedback",
    tags=["predictions"],
    response_model=Prediction,
    openapi_extra=json_body(TrueSpecies),
    responses=documented(404, 409, 413, 422, 503),
)
async def put_feedback(request: Request, prediction_id: str) -> Response:
    """Say what an animal really was; saying it again changes it. A retraining from feedback learns from it."""
    asked = await read_json(request, TrueSpecies)
    return _json(give_feedback(prediction_id, asked.species, dependencies_of(request)).model_dump_json())


@router.get("/models", tags=["models"], response_model=Models, responses=documented(503))
async def list_models(request: Request) -> Response:
    """List all models, newest first."""
    registry = dependencies_of(request).registry
    try:
        pointer = registry.current()
    except UnreadablePointer as error:
        # The list must show what a promotion can mend it with.
        log_of(request.scope)["model_trouble"] = str(error)
        pointer = None
    return _json(Models(current=pointer.version if pointer else None, items=registry.manifests()).model_dump_json())


@router.get("/models/{version}", tags=["models"], response_model=ModelManifest, responses=documented(404, 409, 503))
async def get_model(request: Request, version: str) -> Response:
    """Return the manifest of a model; `current` is a version too."""
    registry = dependencies_of(request).registry
    return _json(registry.manifest(_version(version, registry)).model_dump_json())


@router.get(
    "/models/{version}/rows", tags=["models"], response_model=TrainingRows, responses=documented(404, 409, 422, 503)
)
async def get_training_rows(
    request: Request,
    version: str,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = DEFAULT_ROWS,
) -> Response:
    """Return rows that a model was trained from, evenly spread over all of them; `current` is a version too."""
    registry = dependencies_of(request).registry
    version = _version(version, registry)
    total, rows = sample_rows(version, limit, registry)
    return _json(TrainingRows(version=version, total=total, items=rows).model_dump_json())


@router.get("/metrics", tags=["service"], response_model=CloudMetrics, responses=documented(422, 503))
async def get_metrics(
    request: Request,
    start: Annotated[Moment | None, Query(alias="from", description="ISO 8601; three hours before `to`.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="ISO 8601; now. At most 15 days after `from`.")] = None,
    period: Annotated[
        int | None,
        Query(
            ge=PERIOD_STEP,
            le=LONGEST_PERIOD,
            multiple_of=PERIOD_STEP,
            description="Seconds; the shortest that makes 200 points.",
        ),
    ] = None,
) -> Response:
    """Return what CloudWatch counted of the functions and of the API: requests, errors and latency over time."""
    dependencies = dependencies_of(request)
    window = metric_window(start, end, period, dependencies.now())
    return _json(read_metrics(window, dependencies.metrics))


@router.get("/health", tags=["service"], response_model=Health, responses=documented(503))
async def health(request: Request) -> Response:
    """Tell whether predictions can be made, and by which model."""
    return _json(Health(model_version=dependencies_of(request).models.classifier().version).model_dump_json())


def _version(asked: str, registry: ModelRegistry) -> str:
    """Return the version that is asked for by its name or as `current`; raise NotFound."""
    if asked != "current":
        return asked
    pointer = registry.current()
    if pointer is None:
        raise NotFound("no model has been promoted yet")
    return pointer.version


def _parse(cursor: str | None) -> Cursor | None:
    try:
        return Cursor.parse(cursor) if cursor is not None else None
    except InvalidInput as error:
        raise InvalidFields([("cursor", str(error))]) from error


def _json(document: bytes | str) -> Response:
    return Response(document, media_type="application/json")
