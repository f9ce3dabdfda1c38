"""The documentation of the whole API: one OpenAPI document and a page to try it."""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from fastapi import APIRouter, Response
from pydantic_core import to_json

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi_json() -> Response:
    """Return the OpenAPI document of both functions."""
    return Response(_document(), media_type="application/json")


@router.get("/docs")
async def docs() -> Response:
    """Return Swagger UI with everything it needs, so that it works on a laptop without a network."""
    return Response(_page(), media_type="text/html")


@cache
def _document() -> bytes:
    from functions.openapi import openapi_document

    return to_json(openapi_document())


@cache
def _page() -> str:
    # Powertools carries Swagger UI's script and style; FastAPI's page fetches them from a public CDN. They are found
    # without importing powertools, of which the zip holds nothing else.
    folder = "aws_lambda_powertools/event_handler/openapi/swagger_ui"
    assets = Path(str(distribution("aws-lambda-powertools").locate_file(folder)))
    return _PAGE.format(
        style=(assets / "swagger-ui.min.css").read_text(encoding="utf-8"),
        script=(assets / "swagger-ui-bundle.min.js").read_text(encoding="utf-8"),
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
