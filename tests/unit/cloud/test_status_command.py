"""`menagerie status` lists every part, and the current model or the reason why it is unknown."""

import io
from collections.abc import Callable

import httpx2
import pytest
from rich.console import Console

from cloud.commands.status import Part, check, show
from cloud.state.directory import StackAddresses

VERSION = "20260131T120000Z-0a1b2c3d"
API_URL = "http://127.0.0.1:45661/_aws/execute-api/0a1b2c3d/v1"
ADDRESSES = StackAddresses(API_URL, "key", "http://127.0.0.1:45661", None, "http://127.0.0.1:45662")


def checked(health: Callable[[httpx2.Request], httpx2.Response]) -> dict[str, Part]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return health(request) if str(request.url) == f"{API_URL}/health" else httpx2.Response(200)

    transport = httpx2.MockTransport(answer)
    return {part.name: part for part in check(ADDRESSES, lambda _: httpx2.Client(transport=transport))}


def shown(*parts: Part, columns: int, terminal: bool) -> str:
    console = Console(file=io.StringIO(), width=columns, force_terminal=terminal, color_system=None)
    show(list(parts), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_parts_that_respond_are_listed_with_the_current_model() -> None:
    parts = checked(lambda _: httpx2.Response(200, json={"status": "ok", "model_version": VERSION}))
    assert list(parts) == ["emulated cloud", "API", "data service", "dashboard"]
    assert [part.failure for part in parts.values()] == [None] * 4
    assert parts["API"].model == VERSION
    assert parts["dashboard"].url is None


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx2.Response(503, json={"detail": "no model"}), "status 503"),
        (httpx2.Response(200, text="a page of something else"), "its response contains no model version"),
        (httpx2.Response(200, json=["ok"]), "its response contains no model version"),
        (httpx2.Response(200, json={"status": "ok"}), "its response contains no model version"),
    ],
    ids=["not ready", "no JSON", "no object", "no model"],
)
def test_an_api_without_a_model_version_is_a_failure(answer: httpx2.Response, failure: str) -> None:
    part = checked(lambda _: answer)["API"]
    assert (part.failure, part.model) == (failure, None)


def test_an_api_that_times_out_is_a_failure() -> None:
    def late(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("too late", request=request)

    assert checked(late)["API"].failure == "ReadTimeout"


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_the_model_version_is_never_truncated(columns: int, terminal: bool) -> None:
    text = shown(Part("API", API_URL, model=VERSION), columns=columns, terminal=terminal)
    assert f"current model: {VERSION}\n" in text
    assert (API_URL in text) or terminal


def test_an_unknown_model_is_printed_as_unknown() -> None:
    parts = Part("API", API_URL, failure="ReadTimeout"), Part("dashboard", None)
    text = shown(*parts, columns=80, terminal=False)
    assert "no: ReadTimeout" in text
    assert "not started" in text
    assert "current model: unknown" in text
