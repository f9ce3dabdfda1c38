"""Loading page by page: nothing twice, nothing lost, and short pages are looked through."""

from datetime import UTC, date, datetime

import pytest

from frontend.api.errors import Unreachable
from frontend.components.loaded_history import (
    PAGES_A_CLICK,
    History,
    Question,
    forget_history,
    keep_history,
    kept_history,
    load_all,
    load_history,
    load_more,
    load_newest,
    replace_in_history,
)
from menagerie.prediction import Prediction, PredictionPage
from tests.unit.frontend.examples import prediction


class Pages:
    """A source that hands out the pages given, in order, and fails when there is none."""

    def __init__(self, *pages: list[Prediction]) -> None:
        self.pages = pages
        self.asked: list[dict[str, object]] = []

    def predictions(
        self,
        *,
        species: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 0,
        cursor: str | None = None,
    ) -> PredictionPage:
        self.asked.append({"species": species, "since": since, "until": until, "limit": limit, "cursor": cursor})
        number = int(cursor or 0)
        if number >= len(self.pages):
            raise Unreachable("gone")
        following = number + 1
        cursor = str(following) if following < len(self.pages) else None
        return PredictionPage(items=self.pages[number], next_cursor=cursor)


def test_the_first_load_asks_the_question_and_takes_one_page() -> None:
    source = Pages([prediction(minutes=2)], [prediction(minutes=1)])
    question = Question("dog", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    history = load_history(source, question)
    assert [item.id for item in history.items] == ["dog-2"]
    assert len(source.asked) == 1
    assert source.asked[0]["species"] == "dog"
    assert (source.asked[0]["since"], source.asked[0]["until"]) == (question.since, question.until)


def test_more_rows_come_after_those_that_are_there() -> None:
    source = Pages([prediction(minutes=2)], [prediction(minutes=1)])
    history = load_more(source, load_history(source, Question()))
    assert [item.id for item in history.items] == ["dog-2", "dog-1"]
    assert history.next_cursor is None
    assert load_more(source, history) is history


def test_empty_pages_are_looked_through_until_something_is_found() -> None:
    source = Pages([], [], [prediction()])
    assert [item.id for item in load_history(source, Question()).items] == ["dog-0"]


def test_a_rare_species_does_not_read_the_whole_table_at_one_click() -> None:
    source = Pages(*([[]] * 50))
    history = load_history(source, Question("elephant"))
    assert len(source.asked) == PAGES_A_CLICK
    assert history.items == []
    assert history.next_cursor == str(PAGES_A_CLICK)


def test_a_failure_leaves_what_was_loaded_as_it_is() -> None:
    history = History(Question(), [prediction()], next_cursor="7")
    with pytest.raises(Unreachable):
        load_more(Pages(), history)
    assert len(history.items) == 1


def test_days_are_the_visitors_and_both_ends_count() -> None:
    question = Question.of_days(None, date(2026, 1, 31), date(2026, 1, 31), "Asia/Tokyo")
    assert question.since == datetime(2026, 1, 30, 15, tzinfo=UTC)
    assert question.until == datetime(2026, 1, 31, 14, 59, 59, 999999, tzinfo=UTC)


def test_no_days_ask_for_all_of_them() -> None:
    assert Question.of_days(None, None, None, "UTC") == Question()


def test_a_model_that_the_api_cannot_filter_by_is_sorted_out_here() -> None:
    other = prediction(minutes=1).model_copy(update={"model_version": "other"})
    source = Pages([other, prediction()])
    assert load_history(source, Question(model_version="other")).items == [other]


def test_a_model_is_looked_for_back_to_the_moment_it_was_made_and_no_further() -> None:
    version, made = "20260131T120000Z-0a1b2c3d", datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert Question.of_days(None, None, None, "UTC", version).since == made
    assert Question.of_days(None, date(2026, 1, 1), None, "UTC", version).since == made
    assert Question.of_days(None, date(2026, 2, 1), None, "UTC", version).since == datetime(2026, 2, 1, tzinfo=UTC)
    assert Question.of_days(None, None, None, "UTC", "another form").since is None


def test_a_search_for_a_model_takes_large_pages_and_counts_what_it_looked_through() -> None:
    other = prediction(minutes=1).model_copy(update={"model_version": "other"})
    source = Pages([prediction(), prediction()], [other], [prediction()])
    first = load_history(source, Question(model_version="other"))
    assert {asked["limit"] for asked in source.asked} == {100}
    assert (len(first.items), first.looked_through) == (1, 3)
    told: list[History] = []
    load_all(source, first, told.append)
    assert (len(told[-1].items), told[-1].looked_through, told[-1].next_cursor) == (1, 4, None)


def test_all_that_is_left_is_loaded_with_the_largest_pages_and_told_on_the_way() -> None:
    source = Pages(*([prediction(minutes=i)] for i in (3, 2, 1, 0)))
    told: list[int] = []
    load_all(source, load_history(source, Question()), lambda history: told.append(len(history.items)))
    assert told == [2, 3, 4]
    assert source.asked[-1]["limit"] == 100


def test_the_newest_are_loaded_up_to_as_many_as_wanted() -> None:
    source = Pages(*([prediction(minutes=i)] for i in (5, 4, 3, 2)))
    told: list[int] = []
    newest = load_newest(source, History(Question()), 3, told.append)
    assert [item.id for item in newest.items] == ["dog-5", "dog-4", "dog-3"]
    assert told == [1, 2, 3]


def test_what_is_known_is_not_asked_for_again() -> None:
    kept = History(Question(), [prediction(minutes=i) for i in (3, 2, 1)])
    source = Pages([prediction(minutes=4), prediction(minutes=3)], [prediction(minutes=2)])
    newest = load_newest(source, kept, 10, lambda _: None)
    assert [item.id for item in newest.items] == ["dog-4", "dog-3", "dog-2", "dog-1"]
    assert len(source.asked) == 1


def test_a_wider_window_goes_on_where_the_narrow_one_ended() -> None:
    pages = [[prediction(minutes=i)] for i in (3, 2, 1)]
    narrow = load_newest(Pages(*pages), History(Question()), 1, lambda _: None)
    wide = load_newest(Pages(*pages), narrow, 10, lambda _: None)
    assert [item.id for item in wide.items] == ["dog-3", "dog-2", "dog-1"]


def test_a_prediction_that_changed_takes_its_place_and_nothing_else_does() -> None:
    forget_history()
    replace_in_history(prediction(feedback="dog"))
    assert kept_history(Question()) is None
    keep_history(History(Question(), [prediction(minutes=1), prediction()]))
    replace_in_history(prediction(feedback="dog"))
    kept = kept_history(Question())
    assert kept is not None
    assert [item.feedback and item.feedback.species for item in kept.items] == [None, "dog"]
    forget_history()
