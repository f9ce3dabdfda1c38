"""Rules of the API that schemathesis cannot find in the OpenAPI document."""

import hashlib
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

from menagerie.job import MAX_DATAPOINTS

HEADER = "Idempotency-Key"
LONGEST = 200
FEW_ROWS = 1000


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001  # its names
    """Use a different idempotency key for each body, as the contract requires, and limit the rows of a training."""
    body: Any = case.body
    source: Any = body.get("source") if isinstance(body, dict) else None
    rows = source.get("number_of_datapoints") if isinstance(source, dict) else None
    if isinstance(rows, int) and FEW_ROWS < rows <= MAX_DATAPOINTS:
        # A job of a million rows would block the following ones. Invalid numbers stay invalid.
        case.body = {**body, "source": {**source, "number_of_datapoints": FEW_ROWS}}
    key = case.headers.get(HEADER) if case.headers else None
    if key and len(key) <= LONGEST:
        case.headers[HEADER] = key + hashlib.sha256(repr(case.body).encode()).hexdigest()[:16]
