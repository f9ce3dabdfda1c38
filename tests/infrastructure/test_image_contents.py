"""An image's modules import with the files and the locked packages that its Dockerfile installs, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from cloud.packaging.lockfile import local_target, requirements_for
from cloud.resources import TEMPLATE

ROOT = TEMPLATE.parent
PACKAGES = {"benchmarks", "cloud", "data_service", "frontend", "functions", "menagerie", "tests", "training"}
# Python imports it before anything else.
GUARD = """
import sys
class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"the image has no {{name}}", name=name)
sys.meta_path.insert(0, Guard())
"""


def copy_files(dockerfile: str, image: Path) -> None:
    """Do what the COPY instructions do."""
    for line in re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE):
        *patterns, target = line.split()
        for source in (path for pattern in patterns for path in ROOT.glob(pattern)):
            if source.is_dir():
                shutil.copytree(source, image / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (image / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, image / target)


def other_packages(lock: Path, image: Path) -> set[str]:
    """Return the names of installed top-level modules that neither the lock nor the image has."""
    pinned = re.findall(r"^(\S+)==", requirements_for(lock, local_target()), re.MULTILINE)
    locked = {canonicalize_name(name) for name in pinned}
    installed = {
        name
        for name, distributions in packages_distributions().items()
        if not locked.intersection(map(canonicalize_name, distributions))
    }
    return (installed | PACKAGES) - {path.name for path in image.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["data_service", "frontend"])
def test_the_check_of_an_image_passes(folder: str, tmp_path: Path) -> None:
    dockerfile = (ROOT / folder / "Dockerfile").read_text(encoding="utf-8")
    (check,) = re.findall(r'^RUN python -c "(.+)"$', dockerfile, re.MULTILINE)
    (lock,) = re.findall(r"-r (requirements/\S+)$", dockerfile, re.MULTILINE)
    image, hooks = tmp_path / "image", tmp_path / "hooks"
    copy_files(dockerfile, image)
    hooks.mkdir()
    guard = GUARD.format(blocked=other_packages(ROOT / lock, image))
    (hooks / "sitecustomize.py").write_text(guard, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(hooks), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=image,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
