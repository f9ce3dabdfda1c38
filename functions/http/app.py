"""The FastAPI application of an HTTP function, with problem documents, the stage's prefix and a log of requests."""

from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any

from functions.cold_start import deferred_validators

with deferred_validators():
    from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from functions.http.problems import MEDIA_TYPE, field_name, problem
from menagerie.errors import InvalidFields, MenagerieError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aws_lambda_powertools import Logger
    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG_FIELDS = "menagerie.log"


def http_app(
    *routers: "APIRouter", dependencies: object, log: "Logger", log_context: "Callable[[], dict[str, Any]]" = dict
) -> FastAPI:
    """Return an application of some routes, which find their dependencies in `app.state.dependencies`.

    Args:
        routers: the routes.
        dependencies: the collaborators of the routes.
        log: the log of requests.
        log_context: returns fields for every log line.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    for router in routers:
        app.include_router(router)
    app.state.dependencies = dependencies
    routes = [route for router in routers for route in router.routes if isinstance(route, Route)]

    async def handle(request: "Request", error: Exception) -> "Response":
        if isinstance(error, RequestValidationError):
            error = InvalidFields([(field_name(fault["loc"][1:]), fault["msg"]) for fault in error.errors()])
        response = problem(error)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # Starlette names the methods of the first route of that path, but others may take more.
            response.headers["Allow"] = ", ".join(_methods(routes, request.scope))
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log_fields(request)["error"] = f"{type(error).__name__}: {error}"
        return response

    for kind in (MenagerieError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, handle)
    app.add_middleware(StagePrefix)
    app.add_middleware(RequestLog, log=log, context=log_context)
    return app


def lambda_handler(app: FastAPI) -> Mangum:
    """Return the handler of a Lambda function for proxy events of API Gateway."""
    # Mangum sends a media type that it does not know as text in base64, which a REST API without binary types passes on
    # undecoded.
    return Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE])


def log_fields(request: "Request") -> dict[str, Any]:
    """Return the fields of a request's log line, to which a route may add its own."""
    fields: dict[str, Any] = request.scope[_LOG_FIELDS]
    return fields


class RequestLog:
    """ASGI middleware that logs each request in one line, and answers errors that nothing else has caught.

    Exactly one line: CloudWatch bills by the byte, and the emulator waits up to 50 ms for the first line.
    """

    def __init__(self, app: "ASGIApp", *, log: "Logger", context: "Callable[[], dict[str, Any]]") -> None:
        """Take the next application, the log, and a function that returns fields for every line."""
        self._app = app
        self._log = log
        self._context = context
        self._cold = True

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve a request and write its line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 0
        caught: Exception | None = None

        async def send_and_note(message: "Message") -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        fields: dict[str, Any] = {}
        scope[_LOG_FIELDS] = fields
        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001  # the caller gets an answer, and the log the traceback
            caught = error
            await problem(error)(scope, receive, send_and_note)
        route = getattr(scope.get("route"), "path", "unmatched")
        fields = {
            **self._context(),
            **fields,
            "request_id": getattr(scope.get("aws.context"), "aws_request_id", None),
            "method": scope["method"],
            "route": route,
            "status": status,
            "duration_ms": round((perf_counter() - began) * 1000, 3),
            "cold_start": self._cold,
        }
        self._cold = False
        write = self._log.error if caught else self._log.warning if status >= 500 else self._log.info
        known = {name: value for name, value in fields.items() if value is not None}
        write(f"{scope['method']} {route} {status}", exc_info=caught, extra=known)


class StagePrefix:
    """ASGI middleware that moves the stage, or a custom domain's base path, from the path into `root_path`.

    A REST API's event has the matched resource (/predictions/{id}) and the requested path (/v1/predictions/42): as many
    last segments as the resource has are the route, the segments before them are the prefix.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve a request as if the prefix were the application's own address."""
        event = scope.get("aws.event")
        if event:
            depth = event["resource"].count("/")
            segments = event["requestContext"].get("path", event["path"]).rstrip("/").split("/")
            scope["root_path"] = "/".join(segments[:-depth])
            scope["path"] = scope["root_path"] + "/" + "/".join(scope["path"].rstrip("/").split("/")[-depth:])
        await self._app(scope, receive, send)


def _methods(routes: "Iterable[Route]", scope: "Scope") -> list[str]:
    """Return the methods that some routes take at the path of a request."""
    at_path = (route for route in routes if route.matches(scope)[0] is not Match.NONE)
    return sorted({method for route in at_path for method in route.methods or ()})
