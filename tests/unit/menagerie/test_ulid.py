"""ULIDs sort by time and give it back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.ulid import FIRST_ULID, LAST_ULID, highest_ulid, is_ulid, lowest_ulid, moment_of, new_ulid
from tests.samples import NOON

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the zone follows
MILLISECOND = timedelta(milliseconds=1)


@given(MOMENTS)
def test_a_ulid_gives_its_moment_back_to_the_millisecond(moment: datetime) -> None:
    assert moment - MILLISECOND < moment_of(new_ulid(moment)) <= moment


@given(MOMENTS)
def test_a_ulid_lies_within_its_millisecond(moment: datetime) -> None:
    assert FIRST_ULID <= lowest_ulid(moment) <= new_ulid(moment) <= highest_ulid(moment) <= LAST_ULID


@given(MOMENTS.filter(lambda moment: moment.year < 9999))
def test_the_next_millisecond_begins_where_this_one_ends(moment: datetime) -> None:
    assert highest_ulid(moment) < lowest_ulid(moment + MILLISECOND)


def test_no_two_are_the_same() -> None:
    assert len({new_ulid(NOON) for _ in range(1000)}) == 1000


@given(MOMENTS, MOMENTS)
def test_one_that_comes_after_another_sorts_behind_it_whatever_the_clock_says(earlier: datetime, now: datetime) -> None:
    last = new_ulid(earlier)
    for _ in range(3):
        following = new_ulid(now, after=last)
        assert last < following
        assert is_ulid(following)
        assert moment_of(following) >= moment_of(lowest_ulid(now))
        last = following


def test_the_format_is_that_of_the_specification() -> None:
    # The example of https://github.com/ulid/spec.
    assert moment_of("01ARZ3NDEKTSV4RRFFQ69G5FAV") == datetime(2016, 7, 30, 23, 54, 10, 259000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01KG9YS7G0D4HAWTBSEDNRP5H",
        "01KG9YS7G0D4HAWTBSEDNRP5HYY",
        "01kg9ys7g0d4hawtbsednrp5hy",
        "8" * 26,
        "01KG9YS7G0D4HAWTBSEDNRP5HI",
        "01KG9YS7G0D4HAWTBSEDNRP5HY\n",
        "7" + "Z" * 25,
        "\N{ARABIC-INDIC DIGIT ZERO}" * 26,
    ],
)
def test_what_is_no_ulid_is_told_apart(text: str) -> None:
    assert not is_ulid(text)


@pytest.mark.parametrize("text", [FIRST_ULID, LAST_ULID, "01KG9YS7G0D4HAWTBSEDNRP5HY"])
def test_what_is_a_ulid_is_recognised(text: str) -> None:
    assert is_ulid(text)
    assert moment_of(text).tzinfo is UTC
