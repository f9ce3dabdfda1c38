"""What every page shows beside itself, and what a dashboard without settings shows instead."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from frontend.api.settings import KEY_VARIABLE, STACK_VARIABLE, URL_VARIABLE
from tests.dashboard.conftest import APP
from tests.dashboard.local_api import KEY, VERSION, LocalApi
from tests.dashboard.pages import HISTORY, assert_no_traceback, go_to, press, texts


def sidebar(visitor: AppTest) -> str:
    blocks = (visitor.sidebar.markdown, visitor.sidebar.caption)
    return "\n".join(element.value for block in blocks for element in block).replace("\N{NO-BREAK SPACE}", " ")


def test_streamlit_finds_no_folder_of_pages_beside_the_main_script() -> None:
    # It would show "Page not found" to the first visitor of a page's own address.
    assert not (APP.parent / "pages").exists()


def test_every_page_names_the_current_model_and_that_the_api_answers(visitor: AppTest) -> None:
    for page in (visitor.run(), go_to(visitor, HISTORY)):
        said = sidebar(page)
        assert "Answers in" in said
        assert "31 Jan 2026, 12:00 UTC" in said
        assert VERSION in said
        assert "99.9 % right on 250 animals" in said


def test_the_api_is_not_asked_again_for_every_click(visitor: AppTest, api: LocalApi) -> None:
    for label in ("🐘 Elephant", "🐕 Dog", "🐔 Chicken"):
        press(visitor.run(), label)
    assert api.asked.count("GET /health") == 1
    assert api.asked.count(f"GET /models/{VERSION}") == 1


def test_checking_again_sees_an_api_that_came_back(visitor: AppTest, api: LocalApi) -> None:
    port = int(api.url.split(":")[2].split("/")[0])
    api.stop()
    assert "Does not answer" in sidebar(visitor.run())
    with LocalApi(port):
        press(visitor, "Check again")
        assert "Answers in" in sidebar(visitor)


def test_before_the_first_model_the_api_answers_but_is_not_ready(visitor: AppTest, api: LocalApi) -> None:
    api.model_version = None
    said = sidebar(visitor.run())
    assert_no_traceback(visitor)
    assert "Answers, but not ready" in said
    assert "No model has been promoted yet." in said


def test_a_model_without_a_readable_manifest_is_still_named(visitor: AppTest, api: LocalApi) -> None:
    api.manifests = False
    assert VERSION in sidebar(visitor.run())
    assert_no_traceback(visitor)


@pytest.mark.parametrize("variable", [URL_VARIABLE, KEY_VARIABLE])
def test_a_missing_setting_is_named_together_with_what_to_type(
    visitor: AppTest, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv(variable)
    visitor.run()
    assert_no_traceback(visitor)
    assert f"{variable} is not set." in texts(visitor)
    assert visitor.code[0].value == "make up"


def test_a_page_opens_by_itself_once_the_application_is_deployed_and_waits_again_when_that_is_gone(
    visitor: AppTest, api: LocalApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stack = tmp_path / "stack.json"
    monkeypatch.delenv(URL_VARIABLE)
    monkeypatch.delenv(KEY_VARIABLE)
    monkeypatch.setenv(STACK_VARIABLE, str(stack))
    visitor.run()
    assert_no_traceback(visitor)
    assert visitor.title[0].value == "The application is not deployed yet"
    assert visitor.code[0].value == "docker compose logs --follow deploy"
    stack.write_text(json.dumps({"api_url": api.url, "api_key": KEY}), encoding="utf-8")
    assert "Answers in" in sidebar(visitor.run())
    stack.unlink()
    press(visitor, "Check again")
    assert_no_traceback(visitor)
    assert visitor.title[0].value == "The application is not deployed yet"


def test_the_key_is_never_on_a_page(visitor: AppTest, api: LocalApi) -> None:
    api.refuse(403, {"message": "Forbidden"})
    press(visitor.run(), "Classify")
    assert "a-key-for-tests" not in texts(visitor)
