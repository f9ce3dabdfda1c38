"""Files in a clone have Unix line ends, whatever the settings of Git are."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def line_ends(clone: Path) -> dict[str, str]:
    """Return the line ends of each file in the working tree: lf, none or -text."""
    listed = subprocess.check_output(
        ["git", "-c", "core.quotePath=false", "ls-files", "--eol"], cwd=clone, text=True, encoding="utf-8"
    )
    columns = (line.partition("\t") for line in listed.splitlines())
    return {path: words.split()[1].removeprefix("w/") for words, _, path in columns}


@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_a_clone_has_the_line_ends_of_unix(tmp_path: Path, setting: str) -> None:
    clone = tmp_path / "clone"
    settings = ["-c", f"core.autocrlf={setting}", "-c", "core.eol=crlf"]
    subprocess.run(["git", *settings, "clone", "--quiet", "--no-checkout", ROOT, clone], check=True)
    # The attributes of this working tree, which may not be committed yet.
    (clone / ".git" / "info" / "attributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    subprocess.run(["git", *settings, "checkout", "--quiet", "HEAD"], cwd=clone, check=True)
    found = line_ends(clone)
    assert len(found) > 100
    assert {path: ends for path, ends in found.items() if ends not in {"lf", "none", "-text"}} == {}
    assert {path for path, ends in found.items() if ends == "-text"} == {
        path for path in found if path.endswith((".png", ".gz"))
    }
