"""The dashboard's settings, and the errors for missing or invalid ones."""

from pathlib import Path

import pytest

from frontend.api.settings import (
    DATA_SERVICE_VARIABLE,
    KEY_VARIABLE,
    TIMEOUT_VARIABLE,
    URL_VARIABLE,
    Settings,
    SettingsMissing,
)

URL = "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"


def test_blanks_and_the_last_slash_of_a_url_are_removed() -> None:
    settings = Settings.from_environment({URL_VARIABLE: f" {URL}/ ", KEY_VARIABLE: "key\n"})
    assert settings == Settings(URL, "key", 30.0)


def test_the_timeout_can_be_set() -> None:
    assert Settings.from_environment({URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "2.5"}).timeout_s == 2.5


def test_the_data_service_is_optional_and_must_be_a_url() -> None:
    environment = {URL_VARIABLE: URL, KEY_VARIABLE: "k"}
    assert Settings.from_environment(environment).data_service_url is None
    data = "http://127.0.0.1:8777"
    assert Settings.from_environment({**environment, DATA_SERVICE_VARIABLE: f"{data}/"}).data_service_url == data
    with pytest.raises(SettingsMissing, match=DATA_SERVICE_VARIABLE):
        Settings.from_environment({**environment, DATA_SERVICE_VARIABLE: "8777"})


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, f"{URL_VARIABLE} and {KEY_VARIABLE} are not set."),
        ({URL_VARIABLE: URL}, f"{KEY_VARIABLE} is not set."),
        ({URL_VARIABLE: "  ", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not set."),
        ({URL_VARIABLE: "127.0.0.1:4566/v1", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not a URL"),
        ({URL_VARIABLE: "http://[broken", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not a URL"),
        ({URL_VARIABLE: "http://host:99999/v1", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not a URL"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "a\nb"}, f"{KEY_VARIABLE} has characters"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "clé"}, f"{KEY_VARIABLE} has characters"),
        (
            {URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "soon"},
            f"{TIMEOUT_VARIABLE} is not a positive",
        ),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "0"}, f"{TIMEOUT_VARIABLE} is not a positive"),
        (
            {URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "inf"},
            f"{TIMEOUT_VARIABLE} is not a positive",
        ),
    ],
)
def test_an_invalid_setting_is_named_in_the_error(environment: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsMissing) as caught:
        Settings.from_environment(environment)
    assert text in str(caught.value)


def test_the_key_is_not_in_the_representation() -> None:
    assert "secret" not in repr(Settings(URL, "secret"))


def test_a_stack_file_sets_the_variables_that_are_not_set(tmp_path: Path) -> None:
    stack = tmp_path / "stack.json"
    stack.write_text(
        '{"api_url": "http://127.0.0.1:4566/v1", "api_key": "from-the-file", "dashboard_url": null}', encoding="utf-8"
    )
    settings = Settings.from_environment({"MENAGERIE_STACK_FILE": str(stack)})
    assert (settings.api_url, settings.api_key) == ("http://127.0.0.1:4566/v1", "from-the-file")
    settings = Settings.from_environment({"MENAGERIE_STACK_FILE": str(stack), "MENAGERIE_API_KEY": "set"})
    assert settings.api_key == "set"


@pytest.mark.parametrize("content", [None, "", "[]", "{}"])
def test_an_unreadable_stack_file_is_an_error(tmp_path: Path, content: str | None) -> None:
    stack = tmp_path / "stack.json"
    if content is not None:
        stack.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsMissing, match="MENAGERIE_STACK_FILE"):
        Settings.from_environment({"MENAGERIE_STACK_FILE": str(stack)})
