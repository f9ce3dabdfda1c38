"""One place defines an animal: a copy of the product with more features and one more class needs no other change."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("menagerie", "functions", "training", "cloud", "frontend")

FEATURES = """\
    length: Annotated[
        float,
        Field(title="Length", description="Length in metres.", gt=0, le=60.0, json_schema_extra={_UNIT: "m"}),
    ]
    n_eyes: Annotated[int, Field(title="Eyes", description="Eyes it sees with.", ge=0, le=100), JSON_INTEGER]
"""
SPIDER_EXAMPLE = """\
    Species.SPIDER: Animal(
        walks_on_n_legs=8, height=0.02, weight=0.05, has_wings=False, has_tail=False, length=0.08, n_eyes=8
    ),
"""
SPIDER_PLAN = "    BodyPlan(legs=8, wings=False, tail=False, species=(Species.SPIDER,)),\n"


def replace(path: Path, pattern: str, replacement: str) -> None:
    """Replace a regular expression that matches in a file."""
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count, f"{path.name} has no {pattern!r}"
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def richer_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product whose animals have a length and eyes, and may be spiders, with a model trained there."""
    copy = tmp_path_factory.mktemp("richer")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "fakes.py", copy / "tests")
    animal = copy / "menagerie" / "animal.py"
    replace(animal, r'^    UNKNOWN = "unknown"$', '    SPIDER = "spider"\n    UNKNOWN = "unknown"')
    replace(animal, r"^    has_tail: Annotated.*\n", rf"\g<0>{FEATURES}")
    replace(animal, r"(has_tail=(True|False))\)", r"\1, length=1.0, n_eyes=2)")
    replace(animal, r"^    Species.UNKNOWN: Animal", rf"{SPIDER_EXAMPLE}\g<0>")
    replace(copy / "training" / "labelling" / "zoology.py", r"^BODY_PLANS.*\n", rf"\g<0>{SPIDER_PLAN}")
    run("model", copy)
    return copy


def run(part: str, copy: Path) -> None:
    """Run a part of `richer_animals.py` with the packages of the copy."""
    program = Path(__file__).with_name("richer_animals.py")
    done = subprocess.run(
        [sys.executable, program, part, copy / "model"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(copy)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["api", "storage", "files", "dashboard"])
def test_one_more_feature_and_class_need_no_other_change(part: str, richer_copy: Path) -> None:
    run(part, richer_copy)
