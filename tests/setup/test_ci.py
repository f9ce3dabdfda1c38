"""`.ci/run` works in a clean environment, without the home folder, caches and variables of the user."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.setup.checkout import ROOT

# The targets that .ci/run calls; here each prints its environment.
MAKEFILE = """\
setup test lint types test-slow:
\t@echo "$@ in $$PWD: HOME=$$HOME CI=$$CI PYTHONPATH=$$PYTHONPATH PYTHON=$$PYTHON $$PIP_CERT uv:$$(command -v uv)"
\t@test "$@" != "$(FAILS)"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", root / ".ci")
    (root / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    commit(root)
    return root


def commit(root: Path) -> None:
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    subprocess.run(["git", *author, "commit", "--quiet", "--message", "change"], cwd=root, check=True)


def run(repository: Path, **more: str) -> subprocess.CompletedProcess[str]:
    uv = repository.parent / "bin" / "uv"
    uv.parent.mkdir(exist_ok=True)
    uv.write_text("#!/bin/sh\n", encoding="utf-8")
    uv.chmod(0o755)
    (uv.parent / "python3").unlink(missing_ok=True)
    (uv.parent / "python3").symlink_to(sys.executable)
    variables = {"CI": "true", "PYTHONPATH": "/nowhere", "PIP_CERT": "/the/certificate", "PIP_NO_INDEX": "1"}
    environment = {**os.environ, **variables, "PATH": f"{uv.parent}:{os.environ['PATH']}", **more}
    environment.pop("PIP_FIND_LINKS", None)
    return subprocess.run(
        [repository / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )


@pytest.mark.slow
def test_each_step_runs_in_a_fresh_clone_with_an_empty_home_without_uv(repository: Path) -> None:
    (repository / "Makefile").write_text("not committed\n", encoding="utf-8")
    done = run(repository)
    assert done.returncode == 0, done.stderr
    python = repository.parent / "bin" / "python3"
    seen = dict(line.split(" in ", 1) for line in done.stdout.splitlines() if " in /" in line)
    assert list(seen) == ["setup", "test", "lint", "types", "test-slow"]
    for line in seen.values():
        folder, _, facts = line.partition(": ")
        scratch = Path(folder).parent
        assert facts == f"HOME={scratch}/home CI= PYTHONPATH= PYTHON={python} /the/certificate uv:"
        assert not scratch.exists()
        assert scratch != repository
    assert "not tested: uncommitted changes" in done.stdout
    assert "skipped: set-up with uv, which could not be downloaded" in done.stdout


@pytest.mark.parametrize(
    "target", ["setup", "test", "lint", "types", pytest.param("test-slow", marks=pytest.mark.slow)]
)
def test_a_failed_step_fails_the_whole_run(repository: Path, target: str) -> None:
    makefile = repository / "Makefile"
    makefile.write_text(makefile.read_text(encoding="utf-8").replace("$(FAILS)", target), encoding="utf-8")
    commit(repository)
    assert run(repository).returncode != 0
