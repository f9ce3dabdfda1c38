"""What both HTTP functions are made of: a FastAPI application with one log line and problem documents."""

from typing import TYPE_CHECKING, Any

import functions.http.lean_fastapi  # noqa: F401  # before anything else imports FastAPI

# isort: split
from fastapi import FastAPI
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from functions.http.problems import MEDIA_TYPE, answer_with_problems, problem
from functions.http.request_log import RequestLog
from functions.http.stage import StagePrefix

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter

    from functions.http.json_log import JsonLog


def http_app(
    *routers: "APIRouter", dependencies: object, log: "JsonLog", log_context: "Callable[[], dict[str, Any]]" = dict
) -> FastAPI:
    """Return an application of some routes, which find what they need in `app.state.dependencies`.

    Args:
        routers: the routes; the documentation of all functions is one of predict's routes.
        dependencies: what the routes need.
        log: where each request is told.
        log_context: fields to add to every log line.
    """
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        # OpenTelemetry's hooks around every request: without a collector they only take time.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # Not include_router: FastAPI searches a router within a router, which takes 9 µs more.
        routes=[route for router in routers for route in router.routes],
    )
    app.state.dependencies = dependencies
    answer_with_problems(app)
    app.add_middleware(StagePrefix)
    app.add_middleware(RequestLog, log=log, unexpected=problem, context=log_context)
    return app


def lambda_handler(app: FastAPI) -> Mangum:
    """Return what Lambda calls for a proxy event of API Gateway."""
    # Mangum sends what it does not know as text in base64, which a REST API without binary types passes on as it is.
    return Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE])
