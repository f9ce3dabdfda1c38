"""Stored predictions, loaded page by page and cached for the session."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

import streamlit as st

from frontend.wording import made_at
from menagerie.prediction import MAX_PAGE, Prediction, PredictionPage

ROWS_PER_PAGE = 50
# Larger exports are for a program that follows the cursor.
MAX_ROWS_LOADED = 20_000
# A page may be empty when a species is rare: load a few more before the visitor has to.
PAGES_PER_CLICK = 5
_HISTORY = "history"


class PredictionSource(Protocol):
    """The method of the client that loading needs."""

    def predictions(
        self,
        *,
        species: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = ROWS_PER_PAGE,
        cursor: str | None = None,
    ) -> PredictionPage:
        """Return a page of predictions, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Filters:
    """Which predictions to list; None means all."""

    species: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    model_version: str | None = None
    """The API has no such filter: predictions since the model was made are loaded and filtered here."""

    @classmethod
    def for_days(
        cls, species: str | None, first: date | None, last: date | None, timezone: str, model_version: str | None = None
    ) -> "Filters":
        """Return filters for whole days, first and last included, in the visitor's time zone."""
        zone = ZoneInfo(timezone)
        since = datetime.combine(first, time.min, zone).astimezone(UTC) if first else None
        made = made_at(model_version) if model_version else None
        return cls(
            species=species,
            since=max(filter(None, (since, made)), default=None),
            until=datetime.combine(last, time.max, zone).astimezone(UTC) if last else None,
            model_version=model_version,
        )


@dataclass(frozen=True, slots=True)
class History:
    """The predictions loaded for some filters, newest first; `next_cursor` is None at the end."""

    filters: Filters
    items: list[Prediction] = field(default_factory=list)
    next_cursor: str | None = None
    loaded_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    searched: int = 0
    """The number of predictions that the API returned, those of other models included."""


def load_history(source: PredictionSource, filters: Filters) -> History:
    """Load the newest predictions; raise what the source raises."""
    return _load_page(source, History(filters), None)


def load_more(source: PredictionSource, history: History) -> History:
    """Return the history with one more page; raise what the source raises."""
    return history if history.next_cursor is None else _load_page(source, history, history.next_cursor)


def load_all(source: PredictionSource, history: History, report: Callable[[History], None]) -> None:
    """Load to the end or to `MAX_ROWS_LOADED`; call `report` with the history after every page."""
    while history.next_cursor is not None and len(history.items) < MAX_ROWS_LOADED:
        history = _load_page(source, history, history.next_cursor, MAX_PAGE)
        report(history)


def load_newest(source: PredictionSource, cached: History, most: int, report: Callable[[int], None]) -> History:
    """Return at least the newest `most` predictions, if there are that many; request only those not in `cached`.

    `report` is called with the number of loaded predictions after every page. Raises what the source raises.
    """
    known = {item.id for item in cached.items}
    fresh = _load_page(source, History(cached.filters), None, MAX_PAGE)
    while not known.intersection(item.id for item in fresh.items[-MAX_PAGE:]):
        report(len(fresh.items))
        if fresh.next_cursor is None or len(fresh.items) >= most:
            return fresh
        fresh = _load_page(source, fresh, fresh.next_cursor, MAX_PAGE)
    new = [item for item in fresh.items if item.id not in known]
    joined = replace(cached, items=[*new, *cached.items], loaded_at=fresh.loaded_at)
    while joined.next_cursor is not None and len(joined.items) < most:
        report(len(joined.items))
        joined = _load_page(source, joined, joined.next_cursor, MAX_PAGE)
    return joined


def cached_history(filters: Filters) -> History | None:
    """Return the history that this session has loaded for the filters, None if there is none."""
    cached = st.session_state.get(_HISTORY)
    return cached if isinstance(cached, History) and cached.filters == filters else None


def cache_history(history: History) -> None:
    """Keep a history in the session, so that it outlives a change of page."""
    st.session_state[_HISTORY] = history


def clear_history() -> None:
    """Delete the cached history, so that the page loads it again."""
    st.session_state.pop(_HISTORY, None)


def update_cached_prediction(prediction: Prediction) -> None:
    """Replace a prediction that has changed in the cached history."""
    cached = st.session_state.get(_HISTORY)
    if isinstance(cached, History):
        items = [prediction if item.id == prediction.id else item for item in cached.items]
        st.session_state[_HISTORY] = replace(cached, items=items)


def _load_page(source: PredictionSource, history: History, cursor: str | None, limit: int = ROWS_PER_PAGE) -> History:
    """Append the next page with a matching prediction, of at most `PAGES_PER_CLICK` pages."""
    matching: list[Prediction] = []
    filters, searched = history.filters, history.searched
    if filters.model_version:
        # Most predictions may be of other models.
        limit = MAX_PAGE
    for _ in range(PAGES_PER_CLICK):
        page = source.predictions(
            species=filters.species, since=filters.since, until=filters.until, limit=limit, cursor=cursor
        )
        matching += [item for item in page.items if filters.model_version in {None, item.model_version}]
        searched += len(page.items)
        cursor = page.next_cursor
        if matching or cursor is None:
            break
    return replace(history, items=[*history.items, *matching], next_cursor=cursor, searched=searched)
