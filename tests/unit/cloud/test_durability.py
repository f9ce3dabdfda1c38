"""The state before and after a run of the emulator: which one is used, which is refused, and the messages."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from cloud.console import Steps
from cloud.state.directory import StateDirectory
from cloud.state.durability import CHECKED_CHANGES, PREDICTIONS, SPACE_TO_START, Durability, NotSaved
from cloud.state.journal import Change, Journal
from cloud.state.saved_state import ESSENTIAL, DamagedState, SavedState, seal, unsaved_reason
from menagerie.errors import Unavailable


class Folder:
    """A state folder with captured notes and a fake emulator."""

    def __init__(self, root: Path) -> None:
        self.state = StateDirectory.open(root)
        self.saved = SavedState(self.state.root)
        self.output = io.StringIO()

    def durability(self) -> Durability:
        """What a new `up` uses."""
        return Durability(self.state, Steps(Console(file=self.output)))

    def journal(self, generation: int) -> Journal:
        return Journal(self.state.root / "journal" / f"{generation}.jsonl")

    def save(self, content: str) -> None:
        """Save as the emulator does, each file in place of the one before, and seal it."""
        for name in ESSENTIAL:
            temporary = self.saved.running / f"{name}.tmp"
            temporary.write_text(json.dumps({"payload": content.split()}), encoding="utf-8")
            temporary.replace(self.saved.running / name)
        assert seal(self.saved.running) is None

    def run(self, content: str, *changes: Change) -> None:
        """Start, change something, stop in order."""
        durability = self.durability()
        durability.begin(recover=False)
        self.journal(self.saved.generation).append(changes)
        self.save(content)
        assert durability.settle() == ""

    @property
    def content(self) -> str:
        return " ".join(json.loads((self.saved.running / "dynamodb.json").read_text(encoding="utf-8"))["payload"])


def prediction(request: str) -> Change:
    key = {"pk": {"S": "day#2026-01-31"}, "sk": {"S": request}}
    return Change(PREDICTIONS, key, {**key, "species": {"SS": ["dog"]}})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "state")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the disk have so many bytes left."""
    usage = shutil.disk_usage

    def leave(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(path)._replace(free=free))

    return leave


def test_an_orderly_run_prints_no_note_and_keeps_its_journal(folder: Folder) -> None:
    folder.run("A", prediction("A"))
    folder.run("A B", prediction("B"))
    folder.durability().begin(recover=False)
    assert folder.content == "A B"
    assert folder.output.getvalue() == ""
    assert [path.name for path in (folder.state.root / "journal").iterdir()] == ["1.jsonl"]


def test_an_interrupted_run_that_saved_its_state_loses_nothing(folder: Folder) -> None:
    folder.durability().begin(recover=False)
    folder.save("A")
    folder.durability().begin(recover=False)
    assert folder.content == "A"
    assert "Nothing is lost" in folder.output.getvalue()


def test_a_run_without_a_saved_state_is_recovered_from_its_journal(folder: Folder) -> None:
    folder.run("A", prediction("A"))
    folder.durability().begin(recover=False)
    folder.journal(1).append([prediction("B")])
    folder.durability().begin(recover=False)
    assert folder.content == "A"
    assert list(folder.journal(1).changes()) == [prediction("B")]
    output = " ".join(folder.output.getvalue().split())
    assert "The last run ended without saving its state" in output
    assert "jobs are recovered from the journal" in output


def test_a_damaged_state_is_an_error_with_advice(folder: Folder) -> None:
    folder.run("A", prediction("A"))
    (folder.saved.services / "dynamodb.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedState, match=r"dynamodb\.json has 1 bytes.*--recover.*--fresh"):
        folder.durability().begin(recover=False)
    assert (folder.saved.services / "dynamodb.json").read_text(encoding="utf-8") == "{"


def test_a_recovery_uses_the_previous_state_and_all_changes_since(folder: Folder) -> None:
    folder.run("A", prediction("A"))
    folder.run("A B", prediction("B"))
    # A crash after the damaged state, too.
    folder.durability().begin(recover=False)
    folder.journal(2).append([prediction("C")])
    (folder.saved.services / "dynamodb.json").write_text("{", encoding="utf-8")
    folder.durability().begin(recover=True)
    assert folder.content == "A"
    assert list(folder.journal(1).changes()) == [prediction("B"), prediction("C")]
    (kept,) = folder.state.root.glob("damaged-*")
    assert (kept / "dynamodb.json").read_text(encoding="utf-8") == "{"


def test_a_recovery_without_a_previous_state_uses_all_changes(folder: Folder) -> None:
    folder.run("A", prediction("A"))
    (folder.saved.services / "dynamodb.json").write_text("{", encoding="utf-8")
    folder.durability().begin(recover=True)
    assert not (folder.saved.running / "dynamodb.json").exists()
    assert list(folder.journal(0).changes()) == [prediction("A")]


def test_a_stop_without_a_saved_state_is_an_error_with_advice(folder: Folder) -> None:
    durability = folder.durability()
    durability.begin(recover=False)
    with pytest.raises(NotSaved, match="nothing is lost, because the journal has it: run `menagerie up`") as failure:
        durability.settle()
    assert unsaved_reason(folder.state.root) == str(failure.value)
    assert not folder.saved.ended_in_order


def test_the_error_on_a_full_disk_asks_for_free_space(folder: Folder, disk: Callable[[int], None]) -> None:
    durability = folder.durability()
    durability.begin(recover=False)
    disk(3 * 2**20)
    with pytest.raises(NotSaved, match=r"free some space \(3 MiB are left\), then run"):
        durability.settle()


def test_a_saved_state_without_the_latest_predictions_is_refused(folder: Folder) -> None:
    folder.run("A", prediction("A"))
    durability = folder.durability()
    durability.begin(recover=False)
    folder.journal(1).append([prediction("B")])
    folder.save("A")
    with pytest.raises(NotSaved, match="lacks the latest predictions"):
        durability.settle()
    assert not folder.saved.ended_in_order
    folder.durability().begin(recover=False)
    assert folder.content == "A"
    assert list(folder.journal(1).changes()) == [prediction("B")]


def test_items_that_may_expire_are_not_required(folder: Folder) -> None:
    key = {"pk": {"S": "key#mine"}, "sk": {"S": "key"}}
    gone = [prediction("B"), Change(PREDICTIONS, prediction("B").key, None)]
    names = [f"A{number}" for number in range(CHECKED_CHANGES)]
    kept = [prediction(name) for name in names]
    folder.run(" ".join(names), *kept, *gone, Change(PREDICTIONS, key, {**key, "forget_at": {"N": "1"}}))


def test_too_little_disk_space_is_an_error_before_the_start(folder: Folder, disk: Callable[[int], None]) -> None:
    disk(SPACE_TO_START - 1)
    with pytest.raises(Unavailable, match=r"has 1024 MiB left and 1024 are needed"):
        folder.durability().begin(recover=False)
    assert not folder.saved.running.exists()


def test_a_disk_that_gets_full_causes_one_warning(folder: Folder, disk: Callable[[int], None]) -> None:
    durability = folder.durability()
    durability.begin(recover=False)
    durability.watch()
    assert folder.output.getvalue() == ""
    disk(2**20)
    again = folder.durability()
    again.watch()
    again.watch()
    assert folder.output.getvalue().count("less than 256 MiB left") == 1
