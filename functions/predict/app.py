"""The predict function as an application: its routes, and `create_app`, which connects them to collaborators."""

import csv
import gzip
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import AfterValidator, BeforeValidator

from functions.http.app import http_app, log_fields
from functions.http.problems import documented
from functions.http.requests import documented_body, idempotency_key, json_body
from functions.log import function_log
from functions.openapi import router as documentation
from functions.predict.predict_animals import predict_animals, to_answer
from functions.predict.read_metrics import LONGEST_PERIOD, PERIOD_STEP, metric_window, read_metrics
from menagerie.animal import FEATURES, Animal, Species, animal_of
from menagerie.api import CloudMetrics, Health, Models, PredictRequest, PredictResponse, TrainingRows, TrueSpecies
from menagerie.clock import Clock, utc_now
from menagerie.errors import InvalidFields, InvalidInput, ModelRejected, NotFound, UnreadablePointer
from menagerie.manifest import ModelManifest
from menagerie.ports.predictions import CURSOR_PATTERN, Cursor, PageRequest
from menagerie.prediction import MAX_PAGE, Feedback, Prediction, PredictionPage

if TYPE_CHECKING:
    from functions.predict.current_model import CurrentModel
    from menagerie.ports.feedback import FeedbackStore
    from menagerie.ports.metrics import ServiceMetrics
    from menagerie.ports.predictions import PredictionStore
    from menagerie.ports.registry import ModelRegistry


DEFAULT_ROWS = 1000
# A row has some 90 bytes of JSON, so an answer stays under 0.5 MB.
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class PredictDependencies:
    """The collaborators of the routes."""

    models: "CurrentModel"
    registry: "ModelRegistry"
    predictions: "PredictionStore"
    feedback: "FeedbackStore"
    metrics: "ServiceMetrics"
    now: Clock


def create_app(
    models: "CurrentModel",
    registry: "ModelRegistry",
    predictions: "PredictionStore",
    feedback: "FeedbackStore",
    metrics: "ServiceMetrics",
    *,
    now: Clock = utc_now,
) -> FastAPI:
    """Return the application for the current model, its registry, the stores, and the service's metrics."""

    def log_context() -> dict[str, Any]:
        return {"model_version": models.loaded_version, "model_trouble": models.trouble}

    dependencies = PredictDependencies(models, registry, predictions, feedback, metrics, now)
    return http_app(
        router, documentation, dependencies=dependencies, log=function_log("predict"), log_context=log_context
    )


async def _dependencies(request: Request) -> PredictDependencies:
    dependencies: PredictDependencies = request.app.state.dependencies
    return dependencies


Dependencies = Annotated[PredictDependencies, Depends(_dependencies)]

_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}($|[T ])")


def _iso_8601(value: object) -> object:
    """Refuse numbers, which pydantic reads as seconds since 1970, and restore a plus sign.

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

# All routes are `async def` although they wait for S3 and DynamoDB: Lambda sends an environment one request at a time,
# so there is no other request to delay, and a thread pool would only cost time.
router = APIRouter()


@router.post(
    "/predict",
    tags=["predictions"],
    response_model=PredictResponse,
    openapi_extra=documented_body(PredictRequest, idempotent=True),
    responses=documented(404, 409, 413, 422, 503),
)
async def predict(
    request: Request, body: Annotated[PredictRequest, Depends(json_body(PredictRequest))], dependencies: Dependencies
) -> Response:
    """Classify 1 to 1000 animals. What is answered has been stored."""
    batch = predict_animals(
        body.animals,
        body.model_version,
        models=dependencies.models,
        predictions=dependencies.predictions,
        now=dependencies.now,
        key=idempotency_key(request, body),
    )
    log_fields(request).update(
        prediction_request_id=batch.request_id, model_version=batch.model_version, animals=len(batch)
    )
    return Response(to_answer(batch), media_type="application/json")


@router.get("/predictions", tags=["predictions"], responses=documented(422, 503))
async def list_predictions(
    dependencies: Dependencies,
    start: Annotated[Moment | None, Query(alias="from", description="Created then or later; ISO 8601.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Created then or earlier; ISO 8601.")] = None,
    species: Annotated[Species | None, Query(description="Only this answer.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[
        str | None, Query(min_length=1, pattern=CURSOR_PATTERN, description="`next_cursor` of the page before.")
    ] = None,
) -> PredictionPage:
    """List stored predictions, newest first.

    A page may be shorter than `limit`, even empty, and still have a `next_cursor`: a search for something rare goes on
    with the next page. Without `next_cursor` there is no more.
    """
    if start and end and start > end:
        raise InvalidFields([("from", "Input should not be later than `to`")])
    page = PageRequest(limit=limit, start=start, end=end, species=species, cursor=_parse(cursor))
    return dependencies.predictions.page(page)


@router.get("/predictions/{prediction_id}", tags=["predictions"], responses=documented(404, 503))
async def get_prediction(prediction_id: str, dependencies: Dependencies) -> Prediction:
    """Return one stored prediction."""
    return dependencies.predictions.get(prediction_id)


@router.put(
    "/predictions/{prediction_id}/feedback",
    tags=["predictions"],
    openapi_extra=documented_body(TrueSpecies),
    responses=documented(404, 409, 413, 422, 503),
)
async def put_feedback(
    prediction_id: str, body: Annotated[TrueSpecies, Depends(json_body(TrueSpecies))], dependencies: Dependencies
) -> Prediction:
    """Say what an animal really was; saying it again changes it. A retraining from feedback learns from it."""
    prediction = dependencies.predictions.get(prediction_id)
    feedback = Feedback(species=body.species, given_at=dependencies.now())
    dependencies.feedback.give(prediction, feedback)
    return prediction.model_copy(update={"feedback": feedback})


@router.get("/models", tags=["models"], responses=documented(503))
async def list_models(request: Request, dependencies: Dependencies) -> Models:
    """List all models, newest first."""
    registry = dependencies.registry
    try:
        pointer = registry.current()
    except UnreadablePointer as error:
        # The list must show the versions that a promotion can replace the pointer with.
        log_fields(request)["model_trouble"] = str(error)
        pointer = None
    return Models(current=pointer.version if pointer else None, items=registry.manifests())


@router.get("/models/{version}", tags=["models"], responses=documented(404, 409, 503))
async def get_model(version: str, dependencies: Dependencies) -> ModelManifest:
    """Return the manifest of a model; `current` is a version too."""
    return dependencies.registry.manifest(_version(version, dependencies.registry))


@router.get("/models/{version}/rows", tags=["models"], responses=documented(404, 409, 422, 503))
async def get_training_rows(
    version: str,
    dependencies: Dependencies,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = DEFAULT_ROWS,
) -> TrainingRows:
    """Return rows that a model was trained from, evenly spread over all of them; `current` is a version too."""
    version = _version(version, dependencies.registry)
    total, rows = sample_rows(version, limit, dependencies.registry)
    return TrainingRows(version=version, total=total, items=rows)


@router.get("/metrics", tags=["service"], response_model=CloudMetrics, responses=documented(422, 503))
async def get_metrics(
    dependencies: Dependencies,
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
    window = metric_window(start, end, period, dependencies.now())
    return Response(read_metrics(window, dependencies.metrics), media_type="application/json")


@router.get("/health", tags=["service"], responses=documented(503))
async def health(dependencies: Dependencies) -> Health:
    """Return the model that makes predictions; 503 if none does."""
    return Health(model_version=dependencies.models.classifier().version)


def _version(name: str, registry: "ModelRegistry") -> str:
    """Return the version of a name, which is a version or `current`; raise NotFound if no model is current."""
    if name != "current":
        return name
    pointer = registry.current()
    if pointer is None:
        raise NotFound("no model has been promoted yet")
    return pointer.version


def _parse(cursor: str | None) -> Cursor | None:
    try:
        return Cursor.parse(cursor) if cursor is not None else None
    except InvalidInput as error:
        raise InvalidFields([("cursor", str(error))]) from error


def sample_rows(version: str, limit: int, registry: "ModelRegistry") -> tuple[int, list[Animal]]:
    """Return the number of rows that a version was trained from, and at most `limit` of them, evenly spread.

    The result is always the same. Raises NotFound for an unknown version and for one whose rows were not kept,
    ModelRejected if they cannot be read, Unavailable.
    """
    if registry.manifest(version).training.rows_file is None:
        raise NotFound(f"the rows of model {version} were not kept")
    try:
        header, *lines = gzip.decompress(registry.rows(version)).decode().splitlines()
        total, taken = len(lines), min(limit, len(lines))
        picked = (lines[place * total // taken] for place in range(taken))
        return total, [animal_of([float(row[name]) for name in FEATURES]) for row in csv.DictReader([header, *picked])]
    except (OSError, EOFError, zlib.error, csv.Error, ValueError, KeyError, TypeError) as error:
        raise ModelRejected(f"the rows of model {version} cannot be read") from error
