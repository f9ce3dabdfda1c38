"""An existing file takes precedence; sample events are found by name from any folder."""

from pathlib import Path

import pytest

from cloud.resources import EVENTS, builds, event, package_folder
from menagerie.errors import NotFound


@pytest.mark.parametrize("name", ["events/health.json", "health.json"])
def test_a_sample_event_is_found_from_any_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert event(Path(name)) == EVENTS / "health.json"


def test_an_existing_file_takes_precedence_over_the_sample_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("health.json").touch()
    assert event(Path("health.json")) == Path("health.json")


@pytest.mark.parametrize("name", ["elsewhere/health.json", "/events/health.json", "no-such-sample.json"])
def test_a_sample_does_not_replace_a_missing_file_of_another_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert event(Path(name)) == Path(name)


def test_the_folder_of_a_package_is_the_one_it_is_imported_from() -> None:
    assert (package_folder("frontend") / "app.py").exists()
    with pytest.raises(NotFound, match="the package oracle is not part of this installation"):
        package_folder("oracle")


def test_a_checkout_has_its_own_build_folder() -> None:
    assert builds() == Path(__file__).resolve().parents[3] / "build"
