"""ULIDs sort by time and contain it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menagerie.ulid import (
    FIRST_ULID,
    LAST_ULID,
    highest_ulid,
    is_ulid,
    lowest_ulid,
    moment_of,
    new_ulid,
    to_the_millisecond,
)
from tests.samples import NOON

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the zone follows
MILLISECOND = timedelta(milliseconds=1)


@given(MOMENTS)
def test_a_ulid_contains_its_moment_to_the_millisecond(moment: datetime) -> None:
    assert moment - MILLISECOND < moment_of(new_ulid(moment)) <= moment
    assert moment_of(new_ulid(moment)) == to_the_millisecond(moment)


@given(MOMENTS)
def test_a_ulid_is_between_the_limits_of_its_millisecond(moment: datetime) -> None:
    assert FIRST_ULID <= lowest_ulid(moment) <= new_ulid(moment) <= highest_ulid(moment) <= LAST_ULID


@given(MOMENTS.filter(lambda moment: moment.year < 9999))
def test_the_limits_of_milliseconds_do_not_overlap(moment: datetime) -> None:
    assert highest_ulid(moment) < lowest_ulid(moment + MILLISECOND)


def test_ulids_are_unique() -> None:
    assert len({new_ulid(NOON) for _ in range(1000)}) == 1000


@given(MOMENTS, MOMENTS)
def test_a_ulid_after_another_sorts_behind_it_at_any_time_of_the_clock(earlier: datetime, now: datetime) -> None:
    last = new_ulid(earlier)
    for _ in range(3):
        following = new_ulid(now, after=last)
        assert last < following
        assert is_ulid(following)
        assert moment_of(following) >= moment_of(lowest_ulid(now))
        last = following


def test_the_example_of_the_specification_is_parsed() -> None:
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
def test_other_texts_are_not_ulids(text: str) -> None:
    assert not is_ulid(text)
    with pytest.raises(ValueError, match=r"ULID|9999"):
        moment_of(text)


@pytest.mark.parametrize("text", [FIRST_ULID, LAST_ULID, "01KG9YS7G0D4HAWTBSEDNRP5HY"])
def test_ulids_are_recognised(text: str) -> None:
    assert is_ulid(text)
    assert moment_of(text).tzinfo is UTC
