"""A route that takes the request alone skips FastAPI's solver; every other one does not."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from starlette.testclient import TestClient

from functions.http.direct_route import DirectRoute


async def alone(request: Request) -> Response:
    return Response(request.method)


async def with_query(request: Request, word: Annotated[str, Query()]) -> Response:
    return Response(f"{request.method} {word}")


async def with_header(word: Annotated[str, Header()]) -> Response:
    return Response(word)


async def with_dependency(word: Annotated[str, Depends(lambda: "depended on")]) -> Response:
    return Response(word)


async def with_path(request: Request, word: str) -> Response:
    return Response(f"{request.method} {word}")


def served(function: Callable[..., Any], path: str = "/") -> tuple[TestClient, DirectRoute]:
    router = APIRouter(route_class=DirectRoute)
    router.get(path)(function)
    (route,) = router.routes
    assert isinstance(route, DirectRoute)
    return TestClient(FastAPI(routes=router.routes)), route


def test_a_function_of_the_request_alone_is_called_as_it_is() -> None:
    client, route = served(alone)
    assert route.get_route_handler() is alone
    assert client.get("/").text == "GET"


@pytest.mark.parametrize(
    ("function", "path", "asked", "answer"),
    [
        (with_query, "/", "/?word=hello", "GET hello"),
        (with_header, "/", "/", "greeting"),
        (with_dependency, "/", "/", "depended on"),
        (with_path, "/{word}", "/hello", "GET hello"),
    ],
)
def test_whatever_else_a_function_takes_is_solved(
    function: Callable[..., Any], path: str, asked: str, answer: str
) -> None:
    client, route = served(function, path)
    assert route.get_route_handler() is not function
    assert client.get(asked, headers={"word": "greeting"}).text == answer


def test_a_missing_parameter_is_refused() -> None:
    client, _ = served(with_query)
    assert client.get("/").status_code == 422
