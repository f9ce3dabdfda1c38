"""What can go wrong between the dashboard and the API, each with a line on what happened and one on what to do.

ApiError
├── Unreachable   no answer at all, or none in time
├── Forbidden     401, 403: the key, or the address, is not the API's
├── NotFound      404
├── Conflict      409: somebody else was first
├── Rejected      400, 413, 422: what was sent cannot be used; `fields` says where
├── Busy          429, 503: try again, after `retry_after` seconds if given
└── ServerError   anything else, and answers that are not the API's
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True, slots=True)
class FieldError:
    """One line of a problem document's `errors`."""

    field: str
    message: str


class ApiError(Exception):
    """Root of the tree: `str(error)` is what happened, `advice` is what a person can do about it."""

    advice = "Try again in a moment."

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice or type(self).advice


class Unreachable(ApiError):
    """The API gave no answer."""

    advice = "Is it running? `make up` starts everything and `make status` says what runs where."


class Forbidden(ApiError):
    """The gateway did not let the request through."""

    advice = "Check `MENAGERIE_API_KEY`: the key in use stands in `.menagerie/stack.json` after `make up`."


class NotFound(ApiError):
    """What was asked for does not exist."""

    advice = "It may belong to another run of the application; refresh the page."


class Conflict(ApiError):
    """The state moved on in the meantime."""

    advice = "Refresh to see how things stand now, then try again."


class Rejected(ApiError):
    """The API refused what was sent."""

    advice = "Correct what is named here and send it again."

    def __init__(self, message: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class Busy(ApiError):
    """The API, or something it needs, cannot answer right now."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        seconds = "a moment" if retry_after is None else f"{retry_after} second{'' if retry_after == 1 else 's'}"
        super().__init__(message, advice=f"Try again in {seconds}.")
        self.retry_after = retry_after


class ServerError(ApiError):
    """The API failed, or answered something that is not in its contract."""

    advice = "Try again; if it stays, `menagerie logs predict` shows what the function wrote."


def error_from_response(response: httpx2.Response) -> ApiError:
    """Return the error that an answer of status 300 and above stands for; gateways' own `{"message"}` included."""
    problem = _problem(response)
    status = response.status_code
    said = next(
        (text for key in ("detail", "title", "message", "Message") if isinstance(text := problem.get(key), str)), None
    )
    detail = said.rstrip(".") + "." if said else ""
    match status:
        case 401 | 403 if "authentication token" in detail.lower():
            return Forbidden(
                "There is no such address at the gateway.",
                advice="Check `MENAGERIE_API_URL`: the address in use stands in `.menagerie/stack.json`.",
            )
        case 403 if "operator" in detail:
            return Forbidden(
                detail, advice="Set `MENAGERIE_API_KEY` to the operator's key: `api_key` in `.menagerie/stack.json`."
            )
        case 401 | 403:
            return Forbidden("The API does not accept this key.")
        case 404:
            return NotFound(detail or "The API does not know this.")
        case 409:
            return Conflict(detail or "The state has changed in the meantime.")
        case 400 | 413 | 422:
            return Rejected(detail or "The API cannot use what was sent.", _fields(problem))
        case 429:
            return Busy("There are more requests than the API takes at once.", _retry_after(response))
        case 503:
            return Busy(detail or "The API is not ready.", _retry_after(response))
        case 504:
            return ServerError("The API took longer than the gateway waits.")
        case _:
            return ServerError(f"The API failed with status {status}.")


def _problem(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _fields(problem: Mapping[str, Any]) -> tuple[FieldError, ...]:
    listed = problem.get("errors")
    if not isinstance(listed, list):
        return ()
    return tuple(
        FieldError(str(entry.get("field", "")), str(entry.get("message", "")))
        for entry in listed
        if isinstance(entry, dict)
    )


def _retry_after(response: httpx2.Response) -> int | None:
    value = response.headers.get("retry-after", "")
    return int(value) if value.isascii() and value.isdigit() else None
