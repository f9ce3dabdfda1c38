"""The documentation of the whole API: one OpenAPI document and a page to try it."""

from functools import cache

from fastapi import APIRouter, Response
from fastapi.openapi.docs import get_swagger_ui_html
from pydantic_core import to_json

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi_json() -> Response:
    """Return the OpenAPI document of both functions."""
    return Response(_document(), media_type="application/json")


@router.get("/docs")
async def docs() -> Response:
    """Return Swagger UI. Its script and style come from a public CDN; the document comes from here."""
    # A relative address works behind every prefix: a stage, a custom domain's path, an emulator's long one.
    return get_swagger_ui_html(
        openapi_url="openapi.json", title="Menagerie", oauth2_redirect_url=None, swagger_favicon_url="data:,"
    )


@cache
def _document() -> bytes:
    from functions.openapi import openapi_document

    return to_json(openapi_document())
