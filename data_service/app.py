"""HTTP routes of the data service: a front page, the schema of a row, and rows by seed."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers

from data_service.generator import Row, rows

MAX_DATAPOINTS = 1_000_000
MAX_SEED = 2**63 - 1
ROWS_PER_CHUNK = 2_000
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


class AnimalRow(BaseModel):
    """One unlabelled animal."""

    model_config = ConfigDict(title="Animal")

    walks_on_n_legs: Annotated[int, Field(ge=0, description="Legs it walks on.")]
    height: Annotated[float, Field(ge=0, description="Height in metres.")]
    weight: Annotated[float, Field(ge=0, description="Weight in kilograms.")]
    has_wings: bool
    has_tail: bool


class DataRequest(BaseModel):
    """A request for rows: the same seed always gives the same ones."""

    model_config = ConfigDict(extra="forbid", strict=True)

    seed: Annotated[int, Field(ge=-MAX_SEED, le=MAX_SEED)] = 42
    number_of_datapoints: Annotated[int, Field(gt=0, le=MAX_DATAPOINTS)] = 500


def create_app(allowed_hosts: Collection[str] = (), allowed_hosts_file: Path | None = None) -> FastAPI:
    """Return the data service as an ASGI application without state.

    It accepts the loopback names, `allowed_hosts` and the lines of `allowed_hosts_file` in the `Host` header. The file
    is read at each request; it may be missing.
    """
    app = FastAPI(
        title="Animal data service",
        version="1.0.0",
        summary="Unlabelled animals for the 2025 Python challenge, the same rows for the same seed.",
    )
    fixed_hosts = LOOPBACK_HOSTS | {host.lower() for host in allowed_hosts}

    @app.middleware("http")
    async def require_same_origin(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if is_same_origin(request.headers, fixed_hosts | _lines(allowed_hosts_file)):
            return await call_next(request)
        problem = {
            "type": "about:blank",
            "title": "Forbidden",
            "status": 403,
            "detail": "The Host header must name this server, and no web page of another origin may use it.",
        }
        return JSONResponse(problem, status_code=403, media_type="application/problem+json")

    @app.exception_handler(RequestValidationError)
    def validation_problem(_: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own handler repeats the input, which JSON cannot represent when it is NaN or infinite.
        return JSONResponse(
            {"detail": [{key: item[key] for key in ("type", "loc", "msg")} for item in error.errors()]}, status_code=422
        )

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def front_page() -> str:
        return files("data_service").joinpath("front_page.html").read_text(encoding="utf-8")

    @app.get("/api/v1/animals/schema", tags=["animals"])
    def schema() -> dict[str, Any]:
        """Return the JSON schema of one row."""
        return AnimalRow.model_json_schema()

    @app.post("/api/v1/animals/data", tags=["animals"], response_model=list[AnimalRow])
    def data(request: Annotated[DataRequest, Body(default_factory=DataRequest)]) -> StreamingResponse:
        """Return unlabelled rows as a JSON list."""
        return StreamingResponse(_json_list(request), media_type="application/json")

    return app


def is_same_origin(headers: Headers, hosts: Collection[str]) -> bool:
    """Check that a request names one of `hosts` and does not come from a web page of another origin.

    A browser lets any page send requests to 127.0.0.1, and after DNS rebinding, where the page's own name resolves to
    127.0.0.1, the page can read the responses. Such requests have a foreign `Host`, `Origin` or `Sec-Fetch-Site`.
    Starlette's TrustedHostMiddleware checks `Host` only, and accepts no IPv6 address with a port.
    """
    sent = [host.lower() for host in headers.getlist("host")]
    parts = _HOST.fullmatch(sent[0]) if len(sent) == 1 else None
    return (
        parts is not None
        and parts["name"] in hosts
        and all(origin.lower() in (f"http://{sent[0]}", f"https://{sent[0]}") for origin in headers.getlist("origin"))
        and all(site in ("same-origin", "none") for site in headers.getlist("sec-fetch-site"))
    )


def _lines(file: Path | None) -> set[str]:
    try:
        return set(file.read_text(encoding="utf-8").lower().split()) if file else set()
    except FileNotFoundError:
        return set()


def _json_list(request: DataRequest) -> Iterator[str]:
    # Formatted without a serializer and in chunks: a million rows neither wait in memory nor pass through a validator.
    # `repr` of a float is its JSON text.
    source = rows(request.seed, request.number_of_datapoints)
    separator = "["
    while chunk := list(islice(source, ROWS_PER_CHUNK)):
        yield separator + ",".join(map(_json_object, chunk))
        separator = ","
    yield "]"


def _json_object(row: Row) -> str:
    return (
        f'{{"walks_on_n_legs":{row.walks_on_n_legs},"height":{row.height!r},"weight":{row.weight!r},'
        f'"has_wings":{_JSON_BOOL[row.has_wings]},"has_tail":{_JSON_BOOL[row.has_tail]}}}'
    )


_JSON_BOOL = {True: "true", False: "false"}
