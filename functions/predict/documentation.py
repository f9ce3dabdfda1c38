"""The documentation of the whole API: one OpenAPI document and a page to try it."""

from functools import cache
from importlib.resources import files

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
    # Powertools carries Swagger UI's script and style; FastAPI's own page fetches them from a public CDN.
    from aws_lambda_powertools.event_handler.openapi.swagger_ui import generate_swagger_html

    assets = files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    script, style = ((assets / f"swagger-ui{name}").read_text() for name in ("-bundle.min.js", ".min.css"))
    # "</" inside a script could end it; "<\/" means the same to JavaScript.
    return generate_swagger_html(_document().decode().replace("</", "<\\/"), script, style, "", None)
