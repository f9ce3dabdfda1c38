"""State that the pages share: the clients, health, models, and the time zone of the browser."""

import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from frontend.api.client import ApiClient
from frontend.api.data_service import DataService
from frontend.api.errors import ApiError
from frontend.api.settings import Settings, SettingsMissing
from menagerie.api import Health, Models
from menagerie.manifest import ModelManifest

HEALTH_CACHED_S = 5.0
# An API that is back is shown soon after a failure.
FAILURE_CACHED_S = 1.0
MODELS_CACHED_S = 15.0
_HEALTH = "health_check"
_MODELS = "models"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """The result of one health check: the answer or the error."""

    health: Health | None
    error: ApiError | None
    milliseconds: float
    taken_at: float
    """Seconds of the monotonic clock."""


def client() -> ApiClient:
    """Return the API client, which all sessions share."""
    return _connected(_settings())


def data_service() -> DataService | None:
    """Return the client of the data service, or None if its address is not set."""
    settings = _settings()
    return _data_service(settings.data_service_url, settings.timeout_s) if settings.data_service_url else None


def known_model(version: str) -> ModelManifest | None:
    """Return the manifest of a model, None if the request fails; cached, because manifests never change."""
    settings = _settings()
    try:
        return _model(settings, version)
    except ApiError:
        return None


def health() -> HealthCheck:
    """Return the last health check if it is recent, otherwise a new one."""
    cached = st.session_state.get(_HEALTH)
    if isinstance(cached, HealthCheck) and time.monotonic() - cached.taken_at < _cached_for(cached):
        return cached
    api = client()
    started = time.monotonic()
    answer, error = None, None
    try:
        answer = api.health()
    except ApiError as failure:
        error = failure
    taken_at = time.monotonic()
    check = HealthCheck(answer, error, (taken_at - started) * 1000, taken_at)
    st.session_state[_HEALTH] = check
    return check


def _cached_for(check: HealthCheck) -> float:
    return HEALTH_CACHED_S if check.error is None else FAILURE_CACHED_S


def clear_health() -> None:
    """Discard the last health check, after an error or on request."""
    st.session_state.pop(_HEALTH, None)


def models() -> Models:
    """Return all models, cached for a few seconds; raise ApiError if the request fails."""
    cached = st.session_state.get(_MODELS)
    if cached is not None and time.monotonic() - cached[1] < MODELS_CACHED_S:
        listed: Models = cached[0]
        return listed
    listed = client().models()
    st.session_state[_MODELS] = (listed, time.monotonic())
    return listed


def clear_models() -> None:
    """Discard the cached models and the last health check, after a training, a promotion or an error."""
    st.session_state.pop(_MODELS, None)
    clear_health()


def timezone() -> str:
    """Return the name of the browser's time zone, or UTC if it is not known."""
    name = st.context.timezone or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name


def _settings() -> Settings:
    """Return the settings; if they are missing, rerun the page, which shows what is missing.

    The file of a deployment may be deleted at any time, also while only a fragment runs.
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
