"""The documentation of the API: one OpenAPI document for the routes of both functions, and Swagger UI.

`python -m functions.openapi` prints the document; docs/openapi.json is its committed copy.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from pydantic_core import to_json

from functions.http.problems import MEDIA_TYPE
from menagerie.animal import FEATURE_DETAILS, Kind

router = APIRouter(include_in_schema=False)

_FASTAPI_ERRORS = ("HTTPValidationError", "ValidationError")
OPEN_PATHS = ("/health",)
_MEASURES = ", ".join(feature.description.lower() for feature in FEATURE_DETAILS if feature.kind is Kind.MEASURE)
_DESCRIPTION = f"""\
Classifies animals and keeps every answer.

- Units: {_MEASURES}; times are ISO 8601 in UTC.
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


@router.get("/openapi.json")
async def openapi_json() -> Response:
    """Return the OpenAPI document of both functions."""
    return Response(_document(), media_type="application/json")


@router.get("/docs")
async def docs() -> Response:
    """Return Swagger UI with its script and style, so that it works without a network."""
    return Response(_page(), media_type="text/html")


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of both functions; it names no address, so that it holds behind every prefix."""
    # Late: a cold start needs none of these.
    from fastapi.openapi.utils import get_openapi
    from pydantic.json_schema import models_json_schema

    from functions.predict.app import router as predict
    from functions.retrain.app import router as retrain
    from menagerie.api import PredictRequest, Problem, Promotion, TrueSpecies
    from menagerie.job import TrainingRequest

    app = FastAPI(openapi_url=None)
    for routes in (predict, retrain):
        app.include_router(routes)
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
    # FastAPI does not know the models of bodies, which functions/http/requests.py reads, nor problem documents.
    models = (PredictRequest, TrueSpecies, TrainingRequest, Promotion, Problem)
    _, more = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
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
    """Remove the 422 that FastAPI adds to a route with parameters: its shape is not the one of our answers."""
    content = responses.get("422", {}).get("content", {})
    content.pop("application/json", None)
    if not content:
        responses.pop("422", None)


@cache
def _document() -> bytes:
    return to_json(openapi_document())


@cache
def _page() -> str:
    # FastAPI's own page fetches script and style from a public CDN.
    folder = Path(__file__).with_name("swagger_ui")
    return _PAGE.format(
        style=(folder / "swagger-ui.css").read_text(encoding="utf-8"),
        script=(folder / "swagger-ui-bundle.js").read_text(encoding="utf-8"),
    )


# The document's address is relative, so that it holds behind every prefix: a stage, a domain's path, an emulator's.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Menagerie</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div id="swagger-ui"></div>
<script>{script}</script>
<script>SwaggerUIBundle({{url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true}})</script>
</body>
</html>
"""


if __name__ == "__main__":
    sys.stdout.write(json.dumps(openapi_document(), indent=2) + "\n")
