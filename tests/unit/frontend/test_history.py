"""Loading of the history page by page, and its cache in the session."""

from datetime import UTC, date, datetime

import pytest

from frontend.api.errors import Unreachable
from frontend.components.loaded_history import (
    PAGES_PER_CLICK,
    Filters,
    History,
    cache_history,
    cached_history,
    clear_history,
    load_all,
    load_history,
    load_more,
    load_newest,
    update_cached_prediction,
)
from menagerie.prediction import Prediction, PredictionPage
from tests.unit.frontend.examples import prediction


class Pages:
    """Returns the given pages in order, and fails beyond the last."""

    def __init__(self, *pages: list[Prediction]) -> None:
        self.pages = pages
        self.requests: list[dict[str, object]] = []

    def predictions(
        self,
        *,
        species: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 0,
        cursor: str | None = None,
    ) -> PredictionPage:
        self.requests.append({"species": species, "since": since, "until": until, "limit": limit, "cursor": cursor})
        number = int(cursor or 0)
        if number >= len(self.pages):
            raise Unreachable("gone")
        following = number + 1
        cursor = str(following) if following < len(self.pages) else None
        return PredictionPage(items=self.pages[number], next_cursor=cursor)


def test_the_first_load_requests_one_page_with_the_filters() -> None:
    source = Pages([prediction(minutes=2)], [prediction(minutes=1)])
    filters = Filters("dog", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    history = load_history(source, filters)
    assert [item.id for item in history.items] == ["dog-2"]
    assert len(source.requests) == 1
    assert source.requests[0]["species"] == "dog"
    assert (source.requests[0]["since"], source.requests[0]["until"]) == (filters.since, filters.until)


def test_more_rows_are_appended() -> None:
    source = Pages([prediction(minutes=2)], [prediction(minutes=1)])
    history = load_more(source, load_history(source, Filters()))
    assert [item.id for item in history.items] == ["dog-2", "dog-1"]
    assert history.next_cursor is None
    assert load_more(source, history) is history


def test_empty_pages_are_skipped_until_there_is_a_match() -> None:
    source = Pages([], [], [prediction()])
    assert [item.id for item in load_history(source, Filters()).items] == ["dog-0"]


def test_a_rare_species_does_not_load_all_pages_at_one_click() -> None:
    source = Pages(*([[]] * 50))
    history = load_history(source, Filters("elephant"))
    assert len(source.requests) == PAGES_PER_CLICK
    assert history.items == []
    assert history.next_cursor == str(PAGES_PER_CLICK)


def test_a_failure_leaves_the_loaded_rows_unchanged() -> None:
    history = History(Filters(), [prediction()], next_cursor="7")
    with pytest.raises(Unreachable):
        load_more(Pages(), history)
    assert len(history.items) == 1


def test_days_are_whole_days_in_the_visitors_time_zone() -> None:
    filters = Filters.for_days(None, date(2026, 1, 31), date(2026, 1, 31), "Asia/Tokyo")
    assert filters.since == datetime(2026, 1, 30, 15, tzinfo=UTC)
    assert filters.until == datetime(2026, 1, 31, 14, 59, 59, 999999, tzinfo=UTC)


def test_no_days_mean_all_days() -> None:
    assert Filters.for_days(None, None, None, "UTC") == Filters()


def test_predictions_are_filtered_by_model() -> None:
    other = prediction(minutes=1).model_copy(update={"model_version": "other"})
    source = Pages([other, prediction()])
    assert load_history(source, Filters(model_version="other")).items == [other]


def test_a_filter_by_model_starts_when_the_model_was_made() -> None:
    version, made = "20260131T120000Z-0a1b2c3d", datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert Filters.for_days(None, None, None, "UTC", version).since == made
    assert Filters.for_days(None, date(2026, 1, 1), None, "UTC", version).since == made
    assert Filters.for_days(None, date(2026, 2, 1), None, "UTC", version).since == datetime(2026, 2, 1, tzinfo=UTC)
    assert Filters.for_days(None, None, None, "UTC", "another form").since is None


def test_a_filter_by_model_loads_large_pages_and_counts_the_searched_predictions() -> None:
    other = prediction(minutes=1).model_copy(update={"model_version": "other"})
    source = Pages([prediction(), prediction()], [other], [prediction()])
    first = load_history(source, Filters(model_version="other"))
    assert {request["limit"] for request in source.requests} == {100}
    assert (len(first.items), first.searched) == (1, 3)
    reports: list[History] = []
    load_all(source, first, reports.append)
    assert (len(reports[-1].items), reports[-1].searched, reports[-1].next_cursor) == (1, 4, None)


def test_all_remaining_rows_are_loaded_in_the_largest_pages_with_reports() -> None:
    source = Pages(*([prediction(minutes=i)] for i in (3, 2, 1, 0)))
    reports: list[int] = []
    load_all(source, load_history(source, Filters()), lambda history: reports.append(len(history.items)))
    assert reports == [2, 3, 4]
    assert source.requests[-1]["limit"] == 100


def test_the_newest_are_loaded_up_to_a_number() -> None:
    source = Pages(*([prediction(minutes=i)] for i in (5, 4, 3, 2)))
    reports: list[int] = []
    newest = load_newest(source, History(Filters()), 3, reports.append)
    assert [item.id for item in newest.items] == ["dog-5", "dog-4", "dog-3"]
    assert reports == [1, 2, 3]


def test_cached_predictions_are_not_requested_again() -> None:
    cached = History(Filters(), [prediction(minutes=i) for i in (3, 2, 1)])
    source = Pages([prediction(minutes=4), prediction(minutes=3)], [prediction(minutes=2)])
    newest = load_newest(source, cached, 10, lambda _: None)
    assert [item.id for item in newest.items] == ["dog-4", "dog-3", "dog-2", "dog-1"]
    assert len(source.requests) == 1


def test_a_larger_number_continues_after_the_cached_predictions() -> None:
    pages = [[prediction(minutes=i)] for i in (3, 2, 1)]
    narrow = load_newest(Pages(*pages), History(Filters()), 1, lambda _: None)
    wide = load_newest(Pages(*pages), narrow, 10, lambda _: None)
    assert [item.id for item in wide.items] == ["dog-3", "dog-2", "dog-1"]


def test_a_changed_prediction_replaces_the_cached_one() -> None:
    clear_history()
    update_cached_prediction(prediction(feedback="dog"))
    assert cached_history(Filters()) is None
    cache_history(History(Filters(), [prediction(minutes=1), prediction()]))
    update_cached_prediction(prediction(feedback="dog"))
    cached = cached_history(Filters())
    assert cached is not None
    assert [item.feedback and item.feedback.species for item in cached.items] == [None, "dog"]
    clear_history()
