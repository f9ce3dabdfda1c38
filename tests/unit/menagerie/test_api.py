"""Documents of the HTTP API as a client reads them."""

import pytest

from menagerie.api import FieldError, Models, Problem, read_problem
from tests.samples import NOON, manifest_of

PROBLEM = Problem(
    title="Unprocessable Content",
    status=422,
    detail="1 field cannot be used.",
    errors=[FieldError(field="animals.0.height", message="Input should be greater than 0")],
)


def test_a_problem_document_is_read() -> None:
    assert read_problem(422, PROBLEM.model_dump_json().encode()) == PROBLEM


def test_a_document_of_the_gateway_gets_the_status_of_its_response() -> None:
    body = b'{"type":"about:blank","title":"Refused by the gateway","detail":"Missing Authentication Token"}'
    assert read_problem(403, body) == Problem(
        title="Refused by the gateway", status=403, detail="Missing Authentication Token"
    )


def test_what_a_newer_api_adds_to_a_problem_is_ignored() -> None:
    body = b'{"type":"https://example.org/tall","detail":"d","errors":[{"field":"f","message":"m","code":7}],"at":"x"}'
    problem = read_problem(422, body)
    assert problem is not None
    assert problem.errors == [FieldError(field="f", message="m")]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'"text"', b"\xff", b'{"message":"Forbidden"}', b'{"detail":[1]}'],
    ids=["empty", "HTML", "list", "text", "no UTF-8", "message", "list of details"],
)
def test_any_other_body_is_not_a_problem_document(body: bytes) -> None:
    assert read_problem(403, body) is None


def test_a_model_is_found_by_its_version() -> None:
    manifest = manifest_of(b"model", NOON)
    models = Models(current=manifest.version, items=[manifest])
    assert models.named(models.current) is manifest
    assert models.named(None) is None
