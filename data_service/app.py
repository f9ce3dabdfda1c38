"""The HTTP side of the data service: a front page, the schema of a row, and rows by seed."""

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from data_service.front_page import FRONT_PAGE
from data_service.generator import Row, rows
from menagerie.same_origin import SameOriginMiddleware

MAX_DATAPOINTS = 1_000_000
MAX_SEED = 2**63 - 1
ROWS_PER_PIECE = 2_000


class AnimalRow(BaseModel):
    """One unlabelled animal."""

    model_config = ConfigDict(title="Animal")

    walks_on_n_legs: Annotated[int, Field(ge=0, description="Legs it walks on.")]
    height: Annotated[float, Field(ge=0, description="Height in metres.")]
    weight: Annotated[float, Field(ge=0, description="Weight in kilograms.")]
    has_wings: bool
    has_tail: bool


class DataRequest(BaseModel):
    """Which rows are wanted: the same seed always gives the same ones."""

    model_config = ConfigDict(extra="forbid", strict=True)

    seed: Annotated[int, Field(ge=-MAX_SEED, le=MAX_SEED)] = 42
    number_of_datapoints: Annotated[int, Field(gt=0, le=MAX_DATAPOINTS)] = 500


def create_app(allowed_hosts: Collection[str] = (), allowed_hosts_file: Path | None = None) -> FastAPI:
    """Return the data service as an ASGI application that keeps no state.

    It answers to loopback's names, to `allowed_hosts`, and to those in a file that may come and go.
    """
    app = FastAPI(
        title="Animal data service",
        version="1.0.0",
        summary="Unlabelled animals for the 2025 Python challenge, the same rows for the same seed.",
    )

    app.add_middleware(SameOriginMiddleware, allowed_hosts=allowed_hosts, allowed_hosts_file=allowed_hosts_file)

    @app.exception_handler(RequestValidationError)
    def name_the_fields(_: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer repeats the input, which JSON cannot hold when it is NaN or infinite.
        return JSONResponse(
            {"detail": [{key: item[key] for key in ("type", "loc", "msg")} for item in error.errors()]}, status_code=422
        )

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def front_page() -> str:
        return FRONT_PAGE

    @app.get("/api/v1/animals/schema", tags=["animals"])
    def schema() -> dict[str, Any]:
        """Return the JSON schema of one row."""
        return AnimalRow.model_json_schema()

    @app.post("/api/v1/animals/data", tags=["animals"], response_model=list[AnimalRow])
    def data(request: Annotated[DataRequest, Body(default_factory=DataRequest)]) -> StreamingResponse:
        """Return unlabelled rows as a JSON list."""
        return StreamingResponse(_json_list(request), media_type="application/json")

    return app


def _json_list(request: DataRequest) -> Iterator[str]:
    # Written by hand and in pieces: a million rows neither wait in memory nor pass through a validator, and `repr`
    # of a float is its JSON text.
    source = rows(request.seed, request.number_of_datapoints)
    opening = "["
    while piece := list(islice(source, ROWS_PER_PIECE)):
        yield opening + ",".join(map(_json_object, piece))
        opening = ","
    yield "]"


def _json_object(row: Row) -> str:
    return (
        f'{{"walks_on_n_legs":{row.walks_on_n_legs},"height":{row.height!r},"weight":{row.weight!r},'
        f'"has_wings":{_JSON_BOOL[row.has_wings]},"has_tail":{_JSON_BOOL[row.has_tail]}}}'
    )


_JSON_BOOL = {True: "true", False: "false"}
