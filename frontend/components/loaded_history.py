"""The predictions loaded so far, page by page, and the question they answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

import streamlit as st

from frontend.wording import made_at
from menagerie.prediction import Prediction, PredictionPage
from menagerie.prediction_store import MAX_PAGE

ROWS_A_PAGE = 50
# More than this is for a program with a cursor, not for a page.
MOST_ROWS = 20_000
# A page may come back short when a species is rare; look on a little before asking the visitor to.
PAGES_A_CLICK = 5
_HISTORY = "history"


class PredictionSource(Protocol):
    """The one thing this needs of a client."""

    def predictions(
        self,
        *,
        species: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = ROWS_A_PAGE,
        cursor: str | None = None,
    ) -> PredictionPage:
        """Return a page, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """Which predictions are asked for; None asks for all."""

    species: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    model_version: str | None = None
    """The API has no such filter: what it answers is sorted out here, back to the moment the model was made."""

    @classmethod
    def of_days(
        cls, species: str | None, first: date | None, last: date | None, timezone: str, model_version: str | None = None
    ) -> "Question":
        """Ask for whole days, both ends included, in the visitor's time zone."""
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
    """What has been loaded for a question, newest first; `next_cursor` is None at the end."""

    question: Question
    items: list[Prediction] = field(default_factory=list)
    next_cursor: str | None = None
    loaded_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    looked_through: int = 0
    """How many predictions the API answered, those of other models included."""


def load_history(source: PredictionSource, question: Question) -> History:
    """Load the newest predictions; raises what the source raises."""
    return _load_on(source, History(question), None)


def load_more(source: PredictionSource, history: History) -> History:
    """Return the history with the page that follows; the one given stays as it is if the source raises."""
    return history if history.next_cursor is None else _load_on(source, history, history.next_cursor)


def load_all(source: PredictionSource, history: History, report: Callable[[History], None]) -> None:
    """Load on to the end or to `MOST_ROWS`; `report` is given what there is after every page."""
    while history.next_cursor is not None and len(history.items) < MOST_ROWS:
        history = _load_on(source, history, history.next_cursor, MAX_PAGE)
        report(history)


def load_newest(source: PredictionSource, kept: History, most: int, report: Callable[[int], None]) -> History:
    """Return the newest `most` predictions or some more, asking only for those that `kept` does not have.

    `report` is told how many there are after every page; raises as the source does.
    """
    known = {item.id for item in kept.items}
    fresh = _load_on(source, History(kept.question), None, MAX_PAGE)
    while not known.intersection(item.id for item in fresh.items[-MAX_PAGE:]):
        report(len(fresh.items))
        if fresh.next_cursor is None or len(fresh.items) >= most:
            return fresh
        fresh = _load_on(source, fresh, fresh.next_cursor, MAX_PAGE)
    new = [item for item in fresh.items if item.id not in known]
    joined = replace(kept, items=[*new, *kept.items], loaded_at=fresh.loaded_at)
    while joined.next_cursor is not None and len(joined.items) < most:
        report(len(joined.items))
        joined = _load_on(source, joined, joined.next_cursor, MAX_PAGE)
    return joined


def kept_history(question: Question) -> History | None:
    """Return what this visit has loaded for the question, if anything."""
    kept = st.session_state.get(_HISTORY)
    return kept if isinstance(kept, History) and kept.question == question else None


def keep_history(history: History) -> None:
    """Keep it while the visitor looks at other pages."""
    st.session_state[_HISTORY] = history


def forget_history() -> None:
    """Have the page load anew: there are predictions it has not seen, or somebody asked."""
    st.session_state.pop(_HISTORY, None)


def replace_in_history(prediction: Prediction) -> None:
    """Put a prediction that has changed in the place of what was loaded of it."""
    kept = st.session_state.get(_HISTORY)
    if isinstance(kept, History):
        items = [prediction if item.id == prediction.id else item for item in kept.items]
        st.session_state[_HISTORY] = replace(kept, items=items)


def _load_on(source: PredictionSource, history: History, cursor: str | None, limit: int = ROWS_A_PAGE) -> History:
    found: list[Prediction] = []
    asked, seen = history.question, history.looked_through
    if asked.model_version:
        # Most of what comes may be of other models.
        limit = MAX_PAGE
    for _ in range(PAGES_A_CLICK):
        page = source.predictions(
            species=asked.species, since=asked.since, until=asked.until, limit=limit, cursor=cursor
        )
        found += [item for item in page.items if asked.model_version in {None, item.model_version}]
        seen += len(page.items)
        cursor = page.next_cursor
        if found or cursor is None:
            break
    return replace(history, items=[*history.items, *found], next_cursor=cursor, looked_through=seen)
