"""A state folder of another version is recognised before anything in it is read."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from cloud.state.version import FORMAT, require_known_version
from menagerie.errors import Conflict


def test_a_new_folder_is_marked_with_our_versions(tmp_path: Path) -> None:
    require_known_version(tmp_path)
    told = json.loads((tmp_path / "version.json").read_text(encoding="utf-8"))
    assert told == {"format": FORMAT, "menagerie": version("menagerie"), "ministack": version("ministack")}
    require_known_version(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": "x", "ministack": "1"}', '{"format": 2, "ministack": "?"}']
)
def test_a_mark_that_was_cut_off_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "version.json").write_text(text, encoding="utf-8")
    require_known_version(tmp_path)
    assert json.loads((tmp_path / "version.json").read_text(encoding="utf-8"))["format"] == FORMAT


def test_what_an_older_emulator_made_is_taken(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text(
        '{"format": 2, "menagerie": "0.1.0", "ministack": "1.0.0"}', encoding="utf-8"
    )
    require_known_version(tmp_path)


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"format": FORMAT + 1, "menagerie": "9.8.7", "ministack": "1.0.0"}, "made by Menagerie 9.8.7"),
        ({"format": FORMAT, "menagerie": "0.1.0", "ministack": "99.0.0"}, "made by MiniStack 99.0.0"),
    ],
)
def test_what_later_versions_made_is_refused_with_what_to_do(tmp_path: Path, told: object, named: str) -> None:
    (tmp_path / "version.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(Conflict, match=named) as refusal:
        require_known_version(tmp_path)
    assert "--state-dir" in str(refusal.value)
    assert json.loads((tmp_path / "version.json").read_text(encoding="utf-8")) == told
