"""The header Idempotency-Key: the same key and the same request give the same answer."""

from typing import TYPE_CHECKING, Any

from menagerie.errors import InvalidFields, InvalidInput
from menagerie.idempotency import KEPT, MAX_KEY_LENGTH, IdempotencyKey

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.requests import Request

HEADER = "Idempotency-Key"

# Printable ASCII; HTTP takes blanks at either end away.
_PATTERN = "^[!-~]([ -~]*[!-~])?$"

PARAMETER: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": _PATTERN},
            "description": "The same key and body give the same answer for "
            f"{KEPT.total_seconds() / 3600:.0f} hours at least; another body with the same key is a 422.",
        }
    ]
}


def key_of(request: "Request", asked: "BaseModel") -> IdempotencyKey | None:
    """Return the key of a request, None without one; raise InvalidFields if the header is no key."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    try:
        return IdempotencyKey.of(key, asked.model_dump_json().encode())
    except InvalidInput as error:
        raise InvalidFields([(HEADER, str(error))]) from error
