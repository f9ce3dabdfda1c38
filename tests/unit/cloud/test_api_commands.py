"""`menagerie retrain` and `menagerie models` against a fake API."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cloud.api import Api
from cloud.commands.models import _promote
from cloud.commands.retrain import follow, summary
from menagerie.errors import Conflict, InvalidInput, MenagerieError, NotFound, TrainingFailed, Unavailable

URL = "http://127.0.0.1:4566/_aws/execute-api/abc/v1"


def api_that(answer: Callable[[httpx2.Request], httpx2.Response]) -> Api:
    return Api(URL, "a-key", transport=httpx2.MockTransport(answer))


def always(content: bytes) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(200, content=content)


def test_a_call_uses_the_address_and_the_key() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(202, json={"job_id": "x"})

    assert api_that(answer).call("POST", "/retrain", {"promote": "never"}) == {"job_id": "x"}
    assert str(seen[0].url) == f"{URL}/retrain"
    assert seen[0].headers["x-api-key"] == "a-key"
    assert json.loads(seen[0].content) == {"promote": "never"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (403, {"message": "Forbidden"}, InvalidInput, "rejected the API key"),
        (404, {"detail": "there is no such job"}, NotFound, "there is no such job"),
        (409, {"detail": "job X is running"}, Conflict, "job X is running"),
        (
            422,
            {"detail": "1 field cannot be used.", "errors": [{"field": "promote", "message": "odd"}]},
            InvalidInput,
            "1 field cannot be used. promote: odd",
        ),
        (503, {"detail": "Something does not answer."}, Unavailable, "Something does not answer."),
        (502, {"message": "Internal server error"}, Unavailable, "responded with status 502"),
    ],
)
def test_an_error_of_the_api_is_one_line(status: int, body: Any, kind: type[MenagerieError], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        api_that(lambda _: httpx2.Response(status, json=body)).call("GET", "/models")
    assert "\n" not in str(caught.value)


def test_an_unreachable_api_and_another_server_have_different_errors() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused", request=request)

    with pytest.raises(Unavailable, match="does not respond: Connection refused"):
        api_that(refuse).call("GET", "/models")
    for content in (b"<html>", b"[]"):
        with pytest.raises(Unavailable, match="is it the address of the API"):
            api_that(always(content)).call("GET", "/models")


def test_an_address_needs_a_key_and_a_state_folder_needs_a_running_cloud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidInput, match="need each other"):
        Api.of(tmp_path, "menagerie", URL, None)
    with pytest.raises(NotFound, match="menagerie up"):
        Api.of(tmp_path / "nothing", "menagerie", None, None)


def job(status: str, progress: float, **more: Any) -> httpx2.Response:
    reported = {"job_id": "x", "status": status, "stage": "fitting", "progress": progress, "error": None, **more}
    return httpx2.Response(200, json=reported)


def test_a_job_is_followed_to_its_end() -> None:
    done = {"model_version": "v", "metrics": {"accuracy": 0.99}, "reason": "promoted: better"}
    answers = iter([job("queued", 0), job("running", 0.6), job("succeeded", 1, **done)])
    reported: list[float] = []
    ended = follow(api_that(lambda _: next(answers)), "x", lambda each: reported.append(each["progress"]))
    assert reported == [0, 0.6, 1]
    assert summary(ended) == "model v, accuracy 0.99000 on held-out rows\npromoted: better"


def test_a_failed_job_is_an_error_with_its_reason() -> None:
    with pytest.raises(TrainingFailed, match="job x failed: no rows"):
        follow(api_that(lambda _: job("failed", 0.6, error="no rows")), "x", lambda _: None)


def test_a_promotion_prints_the_current_version(capsys: pytest.CaptureFixture[str]) -> None:
    _promote(api_that(lambda r: httpx2.Response(200, json={**json.loads(r.content), "promoted_at": "now"})), "v")
    assert capsys.readouterr().out == "v is current; predictions use it within seconds\n"
