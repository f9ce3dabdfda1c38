"""A file that a person names comes first; our sample events are found by their names anywhere."""

from pathlib import Path

import pytest

from cloud.resources import EVENTS, builds, event, package_folder
from menagerie.errors import NotFound


@pytest.mark.parametrize("name", ["events/health.json", "health.json"])
def test_a_sample_event_is_found_in_a_folder_that_has_no_such_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert event(Path(name)) == EVENTS / "health.json"


def test_a_file_that_is_there_comes_before_the_sample_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("health.json").touch()
    assert event(Path("health.json")) == Path("health.json")


@pytest.mark.parametrize("name", ["elsewhere/health.json", "/events/health.json", "no-such-sample.json"])
def test_no_sample_stands_in_for_another_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert event(Path(name)) == Path(name)


def test_a_package_is_found_where_it_is_imported_from() -> None:
    assert (package_folder("frontend") / "app.py").exists()
    with pytest.raises(NotFound, match="the package oracle is not part of this installation"):
        package_folder("oracle")


def test_a_checkout_builds_in_itself() -> None:
    assert builds() == Path(__file__).resolve().parents[3] / "build"
