"""A visitor of the dashboard and an API of their own for each test."""

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frontend.api.settings import DATA_SERVICE_VARIABLE, KEY_VARIABLE, TIMEOUT_VARIABLE, URL_VARIABLE
from tests.dashboard.local_api import KEY, LocalApi
from tests.waiting import LIMIT_SECONDS

APP = Path(__file__).resolve().parents[2] / "frontend" / "pages" / "main.py"


@pytest.fixture
def api() -> Iterator[LocalApi]:
    with LocalApi() as api:
        yield api


@pytest.fixture
def visitor(api: LocalApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The dashboard as it is started for this API; nothing has run yet."""
    monkeypatch.setenv(URL_VARIABLE, api.url)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setenv(DATA_SERVICE_VARIABLE, api.address)
    monkeypatch.setenv(TIMEOUT_VARIABLE, str(LIMIT_SECONDS))
    # Streamlit looks for components in all that is installed for every AppTest: a third of the time of these tests.
    monkeypatch.setattr(importlib.metadata, "distributions", lambda **_: iter(()))
    yield AppTest.from_file(APP, default_timeout=LIMIT_SECONDS)
    st.cache_data.clear()
    st.cache_resource.clear()
