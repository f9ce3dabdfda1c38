"""What the pages of one visit share: the client, what is known of models, and the visitor's time zone."""

import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from frontend.api.client import ApiClient
from frontend.api.errors import ApiError
from frontend.api.settings import Settings, SettingsMissing
from frontend.tables.data_service import DataService
from menagerie.api import Health, Models
from menagerie.manifest import ModelManifest

HEALTH_KEPT_S = 5.0
# Somebody who was told that the API is away wants to see at once that it is back.
FAILURE_KEPT_S = 1.0
MODELS_KEPT_S = 15.0
_HEALTH = "health_reading"
_MODELS = "models_reading"


@dataclass(frozen=True, slots=True)
class HealthReading:
    """One look at the API: either what it said or why it said nothing."""

    health: Health | None
    error: ApiError | None
    milliseconds: float
    taken_at: float
    """Seconds of the monotonic clock."""


def client() -> ApiClient:
    """Return the client that all visits share."""
    return _connected(_settings())


def data_service() -> DataService | None:
    """Return the data service, or None when nobody said where it is."""
    settings = _settings()
    return _data_service(settings.data_service_url, settings.timeout_s) if settings.data_service_url else None


def known_model(version: str) -> ModelManifest | None:
    """Return what is known of a model, asked once and kept because manifests never change; None while it cannot be."""
    settings = _settings()
    try:
        return _model(settings, version)
    except ApiError:
        return None


def health() -> HealthReading:
    """Return the last look at the API if it is fresh, otherwise take one."""
    kept = st.session_state.get(_HEALTH)
    if isinstance(kept, HealthReading) and time.monotonic() - kept.taken_at < _kept_for(kept):
        return kept
    api = client()
    started = time.monotonic()
    answer, error = None, None
    try:
        answer = api.health()
    except ApiError as failure:
        error = failure
    taken_at = time.monotonic()
    reading = HealthReading(answer, error, (taken_at - started) * 1000, taken_at)
    st.session_state[_HEALTH] = reading
    return reading


def _kept_for(reading: HealthReading) -> float:
    return HEALTH_KEPT_S if reading.error is None else FAILURE_KEPT_S


def forget_health() -> None:
    """Have the next `health()` look again: something just went wrong, or somebody asked."""
    st.session_state.pop(_HEALTH, None)


def models() -> Models:
    """Return all models as they were a moment ago; raises what the client raises."""
    kept = st.session_state.get(_MODELS)
    if kept is not None and time.monotonic() - kept[1] < MODELS_KEPT_S:
        listed: Models = kept[0]
        return listed
    listed = client().models()
    st.session_state[_MODELS] = (listed, time.monotonic())
    return listed


def forget_models() -> None:
    """Have the next `models()` and `health()` ask again: a model was made or promoted, or somebody asked."""
    st.session_state.pop(_MODELS, None)
    forget_health()


def timezone() -> str:
    """Return the name of the browser's time zone, or UTC when it is not known here."""
    name = st.context.timezone or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name


def _settings() -> Settings:
    """Return the settings; without them run the whole page again, which says what is missing.

    A deployment's file may disappear at any moment, also while a fragment runs by itself.
    """
    try:
        return Settings.from_environment()
    except SettingsMissing:
        st.rerun()


@st.cache_resource(show_spinner=False, max_entries=4, on_release=ApiClient.close)
def _connected(settings: Settings) -> ApiClient:
    return ApiClient.connect(settings)


@st.cache_resource(show_spinner=False, max_entries=4, on_release=DataService.close)
def _data_service(url: str, timeout_s: float) -> DataService:
    return DataService.connect(url, timeout_s)


@st.cache_data(show_spinner=False, max_entries=200)
def _model(settings: Settings, version: str) -> ModelManifest:
    return _connected(settings).model(version)
