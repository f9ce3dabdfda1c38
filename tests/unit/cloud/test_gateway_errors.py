"""Errors of the emulated gateway are problem documents without the output of a function."""

import json

import pytest

from cloud.perimeter.gateway_errors import NO_ANSWER, GatewayErrorsMiddleware
from menagerie.same_origin import Receive, Scope, Send
from tests.asgi import ask

ROUTE = "/_aws/execute-api/menagerie/v1/predict"
TRACE = b'{"message": "{\\"errorMessage\\": \\"File \\\\\\"/home/somebody/menagerie/_worker.py\\\\\\"\\"}"}'


class Emulator:
    """Answers in two pieces with what a test gives."""

    def __init__(self, status: int, body: bytes, media_type: bytes = b"application/json") -> None:
        self._start = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"Content-Type", media_type),
                (b"x-amzn-requestid", b"1"),
                (b"Content-Length", str(len(body)).encode()),
            ],
        }
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(self._start)
        await send({"type": "http.response.body", "body": self._body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": self._body[5:]})


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_crashed_function_gives_a_problem_document_without_paths(status: int) -> None:
    answer = ask(GatewayErrorsMiddleware(Emulator(status, TRACE)), "POST", ROUTE)
    assert (answer.status, json.loads(answer.body)["detail"]) == (status, NO_ANSWER)
    assert json.loads(answer.body)["status"] == status
    headers = {name.lower(): value for name, value in answer.headers}
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"content-length"] == str(len(answer.body)).encode()
    assert headers[b"x-amzn-requestid"] == b"1"
    assert len(headers) == len(answer.headers)


@pytest.mark.parametrize(
    ("target", "status", "media_type"),
    [
        (ROUTE, 200, "application/json"),
        (ROUTE, 403, "application/json"),
        (ROUTE, 422, "application/problem+json"),
        (ROUTE, 500, "application/problem+json"),
        ("/models-bucket/key", 500, "application/json"),
    ],
)
def test_responses_of_functions_and_other_services_are_unchanged(target: str, status: int, media_type: str) -> None:
    answer = ask(GatewayErrorsMiddleware(Emulator(status, TRACE, media_type.encode())), "GET", target)
    assert (answer.status, answer.body) == (status, TRACE)
    assert (b"Content-Type", media_type.encode()) in answer.headers
