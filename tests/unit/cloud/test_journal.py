"""The journal keeps complete changes in their order, and no partial ones."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.state.journal import Change, Journal, Journals

KEY = {"pk": {"S": "job"}, "sk": {"S": "1"}}


def change(number: int, key: str = "1", table: str = "JobsTable") -> Change:
    at = {"pk": {"S": "job"}, "sk": {"S": key}}
    return Change(table, at, {**at, "number": {"N": str(number)}})


def deletion(key: str = "1") -> Change:
    return Change("JobsTable", {"pk": {"S": "job"}, "sk": {"S": key}}, None)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "0.jsonl")


def test_changes_are_read_back_in_order(journal: Journal) -> None:
    journal.append([change(1), change(2)])
    journal.append([deletion(), change(3, "2")])
    assert list(journal.changes()) == [change(1), change(2), deletion(), change(3, "2")]


def test_the_last_change_of_an_item_wins(journal: Journal) -> None:
    journal.append([change(1), change(2, "2"), change(3), deletion("2")])
    assert list(journal.last().values()) == [change(3), deletion("2")]


def test_the_same_key_in_two_tables_is_two_items(journal: Journal) -> None:
    journal.append([change(1), change(2, table="PredictionsTable")])
    assert len(journal.last()) == 2


VALUES = st.recursive(
    st.fixed_dictionaries({"S": st.text()})
    | st.fixed_dictionaries({"N": st.integers().map(str)})
    | st.fixed_dictionaries({"B": st.binary()})
    | st.fixed_dictionaries({"BOOL": st.booleans()})
    | st.fixed_dictionaries({"SS": st.lists(st.text(), min_size=1)}),
    lambda values: (
        st.fixed_dictionaries({"M": st.dictionaries(st.text() | st.just("base64"), values)})
        | st.fixed_dictionaries({"L": st.lists(values)})
    ),
    max_leaves=5,
)


@given(item=st.dictionaries(st.text(), VALUES, min_size=1))
def test_every_type_of_attribute_is_read_back(item: dict[str, dict[str, object]]) -> None:
    change = Change("JobsTable", KEY, item)
    assert Change.from_line(change.to_line()) == change


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_an_incomplete_last_line_is_ignored_and_overwritten(journal: Journal, cut: int) -> None:
    journal.append([change(1), change(2)])
    with journal.path.open("r+b") as file:
        file.truncate(journal.path.stat().st_size - cut)
    after_crash = Journal(journal.path)
    assert list(after_crash.changes()) == [change(1)]
    after_crash.append([change(3)])
    assert list(after_crash.changes()) == [change(1), change(3)]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Make the disk full, or not: it then takes the first ten bytes and no more."""
    write = os.write
    full, taken = False, 0

    def write_if_there_is_room(descriptor: int, content: memoryview) -> int:
        nonlocal taken
        if full and taken:
            taken = 0
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = write(descriptor, content[:10] if full else content)
        return taken

    def fill(now: bool) -> None:
        nonlocal full
        full = now

    monkeypatch.setattr(os, "write", write_if_there_is_room)
    return fill


def test_a_partial_write_on_a_full_disk_is_not_duplicated(journal: Journal, disk: Callable[[bool], None]) -> None:
    journal.append([change(1)])
    disk(True)
    with pytest.raises(OSError, match="No space"):
        journal.append([change(2)])
    disk(False)
    journal.append([change(2)])
    assert list(journal.changes()) == [change(1), change(2)]


def test_the_reserve_makes_room_on_a_full_disk(
    tmp_path: Path, disk: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = tmp_path / "reserve"
    reserve.write_bytes(b"room")
    unlink = Path.unlink

    def make_room(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        disk(False)

    monkeypatch.setattr(Path, "unlink", make_room)
    journal = Journal(tmp_path / "0.jsonl", reserve)
    disk(True)
    journal.append([change(1)])
    assert list(journal.changes()) == [change(1)]
    assert not reserve.exists()


def test_a_replaced_journal_has_the_new_content_and_can_be_extended(journal: Journal) -> None:
    journal.append([change(1), change(2), change(3, "2")])
    journal.replace(journal.last().values())
    journal.append([change(4)])
    assert list(journal.changes()) == [change(2), change(3, "2"), change(4)]
    journal.replace([])
    assert list(journal.changes()) == []


def test_the_journals_of_later_states_are_merged_into_an_earlier_one(tmp_path: Path) -> None:
    journals = Journals(tmp_path)
    journals.since(3).append([change(1), change(1, "2")])
    Journal(tmp_path / "4.jsonl").append([change(2), deletion("2")])
    Journal(tmp_path / "12.jsonl").append([change(3, "3")])
    assert list(journals.since(3).last().values()) == [change(2), deletion("2"), change(3, "3")]
    assert [path.name for path in tmp_path.iterdir()] == ["3.jsonl"]


def test_journals_of_older_states_are_deleted(tmp_path: Path) -> None:
    journals = Journals(tmp_path)
    for number in (9, 10, 11):
        Journal(tmp_path / f"{number}.jsonl").append([change(number)])
    journals.delete_before(10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10.jsonl", "11.jsonl"]
