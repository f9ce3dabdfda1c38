"""The dashboard's settings: read in one place, refused in one readable line."""

import pytest

from frontend.settings import KEY_VARIABLE, TIMEOUT_VARIABLE, URL_VARIABLE, Settings, SettingsMissing

URL = "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"


def test_an_address_loses_the_slash_and_the_blanks_around_it() -> None:
    settings = Settings.from_environment({URL_VARIABLE: f" {URL}/ ", KEY_VARIABLE: "key\n"})
    assert settings == Settings(URL, "key", 30.0)


def test_the_time_to_wait_can_be_set() -> None:
    assert Settings.from_environment({URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "2.5"}).timeout_s == 2.5


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, f"{URL_VARIABLE} and {KEY_VARIABLE} are not set."),
        ({URL_VARIABLE: URL}, f"{KEY_VARIABLE} is not set."),
        ({URL_VARIABLE: "  ", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not set."),
        ({URL_VARIABLE: "127.0.0.1:4566/v1", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not a web address"),
        ({URL_VARIABLE: "http://[broken", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not a web address"),
        ({URL_VARIABLE: "http://host:99999/v1", KEY_VARIABLE: "k"}, f"{URL_VARIABLE} is not a web address"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "a\nb"}, f"{KEY_VARIABLE} holds characters"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "clé"}, f"{KEY_VARIABLE} holds characters"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "soon"}, f"{TIMEOUT_VARIABLE} is not a number"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "0"}, f"{TIMEOUT_VARIABLE} is not a number"),
        ({URL_VARIABLE: URL, KEY_VARIABLE: "k", TIMEOUT_VARIABLE: "inf"}, f"{TIMEOUT_VARIABLE} is not a number"),
    ],
)
def test_what_cannot_be_right_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsMissing) as caught:
        Settings.from_environment(environment)
    assert said in str(caught.value)


def test_the_key_stays_out_of_what_is_printed() -> None:
    assert "secret" not in repr(Settings(URL, "secret"))
