"""Errors of calls to the API: a line on what happened, and a line of advice.

ApiError
├── Unreachable   no response, or none in time
├── Forbidden     401, 403: the key or the address is not the API's
├── NotFound      404
├── Conflict      409: the state has changed in the meantime
├── Rejected      400, 413, 422: the request is not valid; `fields` says where
├── Busy          429, 503: try again, after `retry_after` seconds if given
└── ServerError   any other status, and responses that cannot be parsed
"""

import httpx2
from pydantic import BaseModel, ValidationError

from menagerie.api import FieldError, read_problem


class ApiError(Exception):
    """Root of the tree: `str(error)` is what happened, `advice` is what a person can do about it."""

    advice = "Try again in a moment."

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice or type(self).advice


class Unreachable(ApiError):
    """There was no response."""

    advice = "Is it running? `make up` starts everything and `make status` shows what runs where."


class Forbidden(ApiError):
    """The gateway refused the request."""

    advice = "Check `MENAGERIE_API_KEY`: after `make up`, the key is `api_key` in `.menagerie/stack.json`."


class NotFound(ApiError):
    """The requested item does not exist."""

    advice = "It may belong to another run of the application; refresh the page."


class Conflict(ApiError):
    """The state has changed in the meantime."""

    advice = "Refresh to see the current state, then try again."


class Rejected(ApiError):
    """The request is not valid."""

    advice = "Correct the values named here and send them again."

    def __init__(self, message: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields

    @classmethod
    def of(cls, error: ValidationError) -> "Rejected":
        """Return the error that the API would answer with for values that one of its models does not accept."""
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        fields = tuple(FieldError(field=".".join(map(str, each["loc"])), message=each["msg"]) for each in faults)
        return cls(f"{len(fields)} field{'s' * (len(fields) != 1)} cannot be used.", fields)


class Busy(ApiError):
    """The API, or a service it depends on, is not available at the moment."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        seconds = "a moment" if retry_after is None else f"{retry_after} second{'' if retry_after == 1 else 's'}"
        super().__init__(message, advice=f"Try again in {seconds}.")
        self.retry_after = retry_after


class ServerError(ApiError):
    """The API failed, or its response cannot be parsed."""

    advice = "Try again. If the error persists, `menagerie logs predict` shows the log of the function."


class _GatewayError(BaseModel):
    """The body of an error of API Gateway itself, or of an emulator's."""

    message: str


def error_from_response(response: httpx2.Response) -> ApiError:
    """Return the error for a response of status 300 or above, whether the API or the gateway sent it."""
    problem = read_problem(response.status_code, response.content)
    detail = problem.detail if problem else _gateway_message(response.content)
    detail = detail.rstrip(".") + "." if detail else ""
    match response.status_code:
        case 401 | 403 if "authentication token" in detail.lower():
            return Forbidden(
                "There is no such address at the gateway.",
                advice="Check `MENAGERIE_API_URL`: the address is `api_url` in `.menagerie/stack.json`.",
            )
        case 403 if "operator" in detail:
            return Forbidden(
                detail, advice="Set `MENAGERIE_API_KEY` to the operator's key: `api_key` in `.menagerie/stack.json`."
            )
        case 401 | 403:
            return Forbidden("The API does not accept this key.")
        case 404:
            return NotFound(detail or "The API does not have this item.")
        case 409:
            return Conflict(detail or "The state has changed in the meantime.")
        case 400 | 413 | 422:
            fields = problem.errors if problem else None
            return Rejected(detail or "The request is not valid.", tuple(fields or ()))
        case 429:
            return Busy("There are more requests than the API accepts at once.", _retry_after(response))
        case 503:
            return Busy(detail or "The API is not ready.", _retry_after(response))
        case 504:
            return ServerError("The API did not answer before the gateway's timeout.")
        case status:
            return ServerError(f"The API failed with status {status}.")


def _gateway_message(body: bytes) -> str:
    try:
        return _GatewayError.model_validate_json(body).message
    except ValidationError:
        return ""


def _retry_after(response: httpx2.Response) -> int | None:
    value = response.headers.get("retry-after", "")
    return int(value) if value.isascii() and value.isdigit() else None
