"""One OpenAPI document for the routes of both functions; its committed copy is docs/openapi.json."""

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from functions.http.problems import MEDIA_TYPE
from functions.predict.routes import router as predict
from functions.retrain.routes import router as retrain
from menagerie.api import PredictRequest, Problem, Promotion, TrueSpecies
from menagerie.job import TrainingRequest

_FASTAPI_ERRORS = ("HTTPValidationError", "ValidationError")
OPEN_PATHS = ("/health",)
_DESCRIPTION = """\
Classifies animals and keeps every answer.

- Lengths are metres, weights kilograms, times ISO 8601 in UTC.
- Every error is a problem document (RFC 9457). A 422 names the fields, a 503 says in `Retry-After` when to try again.
- All routes but `/health` need the header `x-api-key`; without it, the gateway itself answers 403.
"""
# The gateway checks the key before any function runs. On AWS it answers as template.yaml has it, on emulators in AWS's
# own shape.
_FORBIDDEN: dict[str, Any] = {
    "description": "Forbidden: `x-api-key` is missing or wrong, or a client's where the operator's is needed.",
    "content": {
        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"message": {"type": "string", "examples": ["Forbidden"]}},
                "required": ["message"],
            }
        },
    },
}
# Routes read these themselves, see functions/http/json_body.py, so FastAPI does not know them; nor problem documents.
_MORE_MODELS = (PredictRequest, TrueSpecies, TrainingRequest, Promotion, Problem)


def openapi_document() -> dict[str, Any]:
    """Return the document; it names no address, so that it holds behind every prefix."""
    app = FastAPI(openapi_url=None)
    for router in (predict, retrain):
        app.include_router(router)
    document = get_openapi(
        title="Menagerie",
        version="1",
        description=_DESCRIPTION,
        routes=app.routes,
        # Relative to the address of this document.
        servers=[{"url": "./"}],
        tags=[{"name": name} for name in ("predictions", "models", "retraining", "service")],
    )
    components = document.setdefault("components", {})
    _, more = models_json_schema(
        [(model, "validation") for model in _MORE_MODELS], ref_template="#/components/schemas/{model}"
    )
    schemas = {**components["schemas"], **more["$defs"]}
    components["schemas"] = {name: schemas[name] for name in sorted(schemas) if name not in _FASTAPI_ERRORS}
    components["securitySchemes"] = {"ApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"}}
    document["security"] = [{"ApiKey": []}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _only_problems(operation["responses"])
            if path in OPEN_PATHS:
                operation["security"] = []
            else:
                operation["responses"]["403"] = _FORBIDDEN
                operation["responses"] = dict(sorted(operation["responses"].items()))
    return document


def _only_problems(responses: dict[str, Any]) -> None:
    """Take away the 422 that FastAPI adds by itself to a route with parameters, in a shape that we do not answer."""
    content = responses.get("422", {}).get("content", {})
    content.pop("application/json", None)
    if not content:
        responses.pop("422", None)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(openapi_document(), indent=2) + "\n")
