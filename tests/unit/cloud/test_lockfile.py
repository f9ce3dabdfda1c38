"""Requirements are selected for the target, not for the current interpreter."""

from pathlib import Path

import pytest

from cloud.packaging.lockfile import LAMBDA, Target, requirements_for
from cloud.packaging.package import PARTS
from cloud.resources import LOCKS

LOCK = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
# a comment
colorama==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:dd
pandas[parquet]==3.1.1 \\
    --hash=sha256:ee
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text(LOCK, encoding="utf-8")
    return path


def test_lambda_gets_the_pins_of_its_own_python(lock: Path) -> None:
    assert requirements_for(lock, LAMBDA) == "numpy==2.5.5 --hash=sha256:cc\npandas==3.1.1 --hash=sha256:ee\n"


def test_an_older_python_gets_older_pins(lock: Path) -> None:
    old = Target("3.11", "linux", "x86_64")
    assert "numpy==2.4.6 --hash=sha256:aa --hash=sha256:bb\n" in requirements_for(lock, old)


@pytest.mark.parametrize("part", PARTS)
def test_every_pin_of_a_part_has_a_hash(part: str) -> None:
    lines = requirements_for(LOCKS / f"{part}.txt", LAMBDA).splitlines()
    assert len(lines) > 10
    assert all("--hash=sha256:" in line for line in lines)


def test_the_predict_part_carries_no_training_library() -> None:
    names = {line.split("==")[0] for line in requirements_for(LOCKS / "predict.txt", LAMBDA).splitlines()}
    assert not names & {"scikit-learn", "scipy", "skl2onnx", "onnx", "pandas", "boto3", "httpx2"}
