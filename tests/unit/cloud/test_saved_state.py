"""A saved state is used if it is complete, named if it is damaged, and never replaced by an incomplete one."""

import json
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.state.saved_state import ESSENTIAL, DamagedState, SavedState, seal, sealing

OTHERS = ("lambda-blobs/0a.zip", "cognito-rsa-key.pem")


def save(folder: Path, content: str = "first", names: tuple[str, ...] = ESSENTIAL) -> None:
    """Write as the emulator does when it stops: each file beside, then in its place."""
    for name in names:
        temporary = folder / f"{name}.tmp"
        temporary.write_text(json.dumps({"payload": content}), encoding="utf-8")
        temporary.replace(folder / name)


def run(state: SavedState, content: str) -> None:
    """Let an emulator run from begin to an orderly end."""
    folder = state.begin()
    with state.deployment():
        pass
    save(folder, content)
    assert seal(folder) is None
    assert state.settle()


def payload(state: SavedState) -> str:
    return str(json.loads((state.services / "dynamodb.json").read_text(encoding="utf-8"))["payload"])


@pytest.fixture
def state(tmp_path: Path) -> SavedState:
    return SavedState(tmp_path)


@pytest.fixture
def signals() -> Iterator[None]:
    """Give back what `sealing` takes from a process that is about to end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_new_folder_has_no_state(state: SavedState) -> None:
    state.check()
    assert state.generation == 0
    assert state.ended_in_order
    assert list(state.begin().glob("*.json")) == [state.running / "session.json"]
    assert not state.ended_in_order


def test_the_next_run_starts_from_a_sealed_state(state: SavedState) -> None:
    run(state, "first")
    run(state, "second")
    state.check()
    assert (state.generation, payload(state)) == (2, "second")
    assert json.loads((state.begin() / "dynamodb.json").read_text(encoding="utf-8")) == {"payload": "second"}


def test_a_crash_during_the_save_changes_nothing(state: SavedState) -> None:
    run(state, "first")
    save(state.begin(), "half", ESSENTIAL[:3])
    assert not state.settle()
    state.check()
    assert (state.generation, payload(state)) == (1, "first")
    assert json.loads((state.begin() / "dynamodb.json").read_text(encoding="utf-8")) == {"payload": "first"}


@pytest.mark.parametrize("missing", ESSENTIAL)
def test_a_state_with_a_file_that_was_not_saved_again_is_incomplete(state: SavedState, missing: str) -> None:
    run(state, "first")
    folder = state.begin()
    save(folder, "second", tuple(name for name in ESSENTIAL if name != missing))
    assert seal(folder) == f"{missing} was not saved again"
    assert not state.settle()


@pytest.mark.parametrize("missing", ESSENTIAL)
def test_a_first_state_without_an_essential_file_is_incomplete(state: SavedState, missing: str) -> None:
    folder = state.begin()
    with state.deployment():
        pass
    save(folder, "first", tuple(name for name in ESSENTIAL if name != missing))
    assert seal(folder) == f"{missing} is missing"


def test_a_state_saved_during_a_deployment_is_incomplete(state: SavedState) -> None:
    folder = state.begin()
    with state.deployment():
        save(folder)
        assert seal(folder) == "a deployment was in progress"


def test_a_stop_before_any_deployment_is_orderly(state: SavedState) -> None:
    assert seal(state.begin()) is None
    assert state.settle()
    assert state.ended_in_order


def test_a_truncated_file_is_named(state: SavedState) -> None:
    run(state, "first")
    path = state.services / "dynamodb.json"
    path.write_bytes(path.read_bytes()[:5])
    with pytest.raises(DamagedState, match=r"services/dynamodb.json has 5 bytes and was saved with 20"):
        state.check()


def test_a_file_whose_bytes_have_changed_is_named(state: SavedState) -> None:
    run(state, "first")
    path = state.services / "apigateway_v1.json"
    path.write_bytes(path.read_bytes().replace(b"first", b"forst"))
    with pytest.raises(DamagedState, match=r"apigateway_v1.json has changed since it was saved"):
        state.check()


def test_a_missing_file_is_named(state: SavedState) -> None:
    run(state, "first")
    (state.services / "s3.json").unlink()
    with pytest.raises(DamagedState, match=r"s3.json is missing"):
        state.check()


def test_a_truncated_seal_is_named(state: SavedState) -> None:
    run(state, "first")
    (state.services / "seal.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedState, match=r"seal.json cannot be read"):
        state.check()


def test_a_readable_state_without_a_seal_is_sealed(state: SavedState) -> None:
    state.services.mkdir()
    save(state.services, "old")
    for name in OTHERS:
        (state.services / name).parent.mkdir(exist_ok=True)
        (state.services / name).write_text(name, encoding="utf-8")
    state.check()
    assert (state.generation, payload(state)) == (1, "old")
    assert all((state.begin() / name).read_text(encoding="utf-8") == name for name in OTHERS)


def test_an_unreadable_state_without_a_seal_is_named_and_unchanged(state: SavedState) -> None:
    state.services.mkdir()
    save(state.services, "old")
    (state.services / "dynamodb.json").write_text('{"payload": ', encoding="utf-8")
    with pytest.raises(DamagedState, match=r"dynamodb.json cannot be read"):
        state.check()
    assert (state.services / "dynamodb.json").read_text(encoding="utf-8") == '{"payload": '


def test_a_damaged_state_is_moved_aside_and_the_previous_one_restored(state: SavedState) -> None:
    run(state, "first")
    run(state, "second")
    (state.services / "dynamodb.json").write_text("{", encoding="utf-8")
    kept = state.set_aside()
    assert (kept / "dynamodb.json").read_text(encoding="utf-8") == "{"
    state.check()
    assert (state.generation, payload(state)) == (1, "first")


def test_without_a_complete_previous_state_nothing_is_restored(state: SavedState) -> None:
    run(state, "first")
    run(state, "second")
    for folder in (state.services, state.previous):
        (folder / "dynamodb.json").write_text("{", encoding="utf-8")
    state.set_aside()
    state.check()
    assert state.generation == 0


def test_a_crash_between_the_two_renames_loses_nothing(state: SavedState) -> None:
    run(state, "first")
    folder = state.begin()
    save(folder, "second")
    assert seal(folder) is None
    state.services.rename(state.previous)
    assert state.settle()
    assert (state.generation, payload(state)) == (2, "second")


@pytest.mark.usefixtures("signals")
def test_the_emulator_seals_its_state_on_any_stop(state: SavedState) -> None:
    folder = state.begin()
    with sealing(folder):
        save(folder)
    assert state.settle()


@pytest.mark.usefixtures("signals")
def test_a_logged_error_during_the_save_is_the_exit_message(state: SavedState) -> None:
    folder = state.begin()
    save(folder)
    with pytest.raises(SystemExit, match="No space left on device"), sealing(folder):
        logging.getLogger("persistence").error("failed to save dynamodb: [Errno 28] No space left on device")
    assert not state.settle()


def test_an_emulator_that_ends_with_an_error_seals_nothing(state: SavedState) -> None:
    folder = state.begin()
    save(folder)
    with pytest.raises(ZeroDivisionError), sealing(folder):
        raise ZeroDivisionError
    assert not state.settle()
