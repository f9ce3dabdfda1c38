"""The sidebar of every page, and the page that is shown without settings."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from frontend.api.settings import KEY_VARIABLE, STACK_VARIABLE, URL_VARIABLE
from tests.dashboard.conftest import APP
from tests.dashboard.local_api import KEY, VERSION, LocalApi, problem
from tests.dashboard.pages import HISTORY, assert_no_traceback, go_to, press, texts


def sidebar(visitor: AppTest) -> str:
    blocks = (visitor.sidebar.markdown, visitor.sidebar.caption)
    return "\n".join(element.value for block in blocks for element in block).replace("\N{NO-BREAK SPACE}", " ")


def test_streamlit_finds_no_folder_of_pages_beside_the_main_script() -> None:
    # It would show "Page not found" to the first visitor of a page's own address.
    assert not (APP.parent / "pages").exists()


def test_every_page_shows_the_current_model_and_the_state_of_the_api(visitor: AppTest) -> None:
    for page in (visitor.run(), go_to(visitor, HISTORY)):
        said = sidebar(page)
        assert "Responds in" in said
        assert "31 Jan 2026, 12:00 UTC" in said
        assert VERSION in said
        assert "Accuracy 98% on 50 held-out rows" in said


def test_a_click_does_not_repeat_the_health_check(visitor: AppTest, api: LocalApi) -> None:
    for label in ("🐘 Elephant", "🐕 Dog", "🐔 Chicken"):
        press(visitor.run(), label)
    assert api.requests.count("GET /health") == 1
    assert api.requests.count(f"GET /models/{VERSION}") == 1


def test_a_new_check_shows_that_the_api_is_back(visitor: AppTest, api: LocalApi) -> None:
    port = api.port
    api.stop()
    assert "Does not respond" in sidebar(visitor.run())
    with LocalApi(port):
        press(visitor, "Check again")
        assert "Responds in" in sidebar(visitor)


def test_before_the_first_model_the_api_is_not_ready(visitor: AppTest, api: LocalApi) -> None:
    api.delete_models()
    said = sidebar(visitor.run())
    assert_no_traceback(visitor)
    assert "Not ready" in said
    assert "No model has been promoted yet." in said


def test_a_model_without_a_manifest_is_shown_by_its_version(visitor: AppTest, api: LocalApi) -> None:
    api.fail(404, problem(404, "there is no such model"), path="/models/")
    assert VERSION in sidebar(visitor.run())
    assert_no_traceback(visitor)


@pytest.mark.parametrize("variable", [URL_VARIABLE, KEY_VARIABLE])
def test_a_missing_setting_is_named_with_the_command_that_sets_it(
    visitor: AppTest, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv(variable)
    visitor.run()
    assert_no_traceback(visitor)
    assert f"{variable} is not set." in texts(visitor)
    assert visitor.code[0].value == "make up"


def test_the_page_opens_after_the_deployment_and_waits_again_when_the_stack_is_deleted(
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
    assert "Responds in" in sidebar(visitor.run())
    stack.unlink()
    press(visitor, "Check again")
    assert_no_traceback(visitor)
    assert visitor.title[0].value == "The application is not deployed yet"


def test_the_api_key_is_on_no_page(visitor: AppTest, api: LocalApi) -> None:
    api.fail(403, {"message": "Forbidden"})
    press(visitor.run(), "Classify")
    assert "a-key-for-tests" not in texts(visitor)
