"""Errors as problem documents (RFC 9457). One table says which error has which status."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.responses import Response

from menagerie.api import FieldError, Problem
from menagerie.errors import (
    Conflict,
    Forbidden,
    InvalidFields,
    InvalidInput,
    ModelRejected,
    NotFound,
    NothingPromoted,
    NoUsableModel,
    TrainingFailed,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
MAX_FIELD_ERRORS = 100
MAX_FIELD_NAME = 100
RETRY_AFTER_SECONDS = 5
# The one field that is a union: pydantic writes the chosen kind behind its name.
_TAGGED_UNION = "source"

_STATUS: dict[type[BaseException], int] = {
    InvalidInput: 422,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    ModelRejected: 409,
    Unavailable: 503,
    TrainingFailed: 422,
    BaseException: 500,
}
# The detail of a 5xx: fixed, because an exception's text may hold anything.
_FIXED_DETAIL: dict[type[BaseException], str] = {
    NothingPromoted: "No model has been promoted yet. POST /retrain trains the first one.",
    NoUsableModel: "The current model cannot be used. PUT /models/current names another one, POST /retrain trains one.",
    Unavailable: "Something this service depends on does not answer at the moment. Nothing was lost; try again.",
    BaseException: "Something went wrong here. It has been logged.",
}


# From RFC 9110: Python's phrases change with its version, and docs/openapi.json must not.
_TITLES = {
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# The router's own texts repeat the status.
_ROUTER_DETAIL = {404: "There is no such route.", 405: "This route does not take that method."}


def invalid_fields(error: "ValidationError") -> InvalidFields:
    """Return an error that names the invalid fields of a body and repeats none of their values."""
    return InvalidFields([_field_of(fault) for fault in error.errors(include_url=False, include_input=False)])


def problem(error: BaseException) -> Response:
    """Return the problem document for an error."""
    if isinstance(error, HTTPException):
        detail = _ROUTER_DETAIL.get(error.status_code, error.detail)
        return _response(error.status_code, detail, headers=dict(error.headers or {}))
    status = _first(_STATUS, error)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    detail = _first(_FIXED_DETAIL, error) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else str(error)
    errors = None
    if isinstance(error, InvalidFields):
        errors = [FieldError(field=name, message=reason) for name, reason in error.fields[:MAX_FIELD_ERRORS]]
    return _response(status, detail, errors=errors, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the part of the OpenAPI document for a route that may answer with these problems."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": title_of(status), "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def title_of(status: int) -> str:
    """Return the name of a status."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def _first(table: dict[type[BaseException], T], error: BaseException) -> T:
    return next(table[kind] for kind in type(error).__mro__ if kind in table)


def _field_of(fault: "ErrorDetails") -> tuple[str, str]:
    """Return the name of a field and its fault, without the tag of a union: a caller's document does not have it."""
    location, message = fault["loc"], fault["msg"]
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        context = fault["ctx"]
        location = (*location, context["discriminator"].strip("'"))
        message = f"Input should be {context['expected_tags']}" if "expected_tags" in context else "Field required"
    elif location[:1] == (_TAGGED_UNION,):
        location = location[:1] + location[2:]
    return field_name(location), message


def field_name(location: "Sequence[str | int]") -> str:
    """Return the name of a field from its location as pydantic writes it; without one, `body`."""
    return ".".join(map(str, location))[:MAX_FIELD_NAME] or "body"


def _response(
    status: int, detail: str, *, errors: list[FieldError] | None = None, headers: dict[str, str] | None = None
) -> Response:
    document = Problem(title=title_of(status), status=status, detail=detail, errors=errors)
    return Response(document.model_dump_json(exclude_none=True), status, media_type=MEDIA_TYPE, headers=headers)
