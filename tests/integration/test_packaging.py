"""The zips as they are built from the lock files: their contents, and that a second build gives the same bytes."""

import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.commands.package import bytecode_line
from cloud.packaging.bytecode import compiler_for
from cloud.packaging.dependencies import digest, install
from cloud.packaging.lockfile import LAMBDA, local_target
from cloud.packaging.package import MIB, PARTS, UNZIPPED_LIMIT, Package, build
from menagerie.errors import InvalidInput, Unavailable
from tests.setup.wheels import locked, make_wheel


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    output = tmp_path_factory.mktemp("zips")
    return {part: build(part, local_target(), output) for part in PARTS}


def names(package: Package) -> set[str]:
    with zipfile.ZipFile(package.path) as archive:
        return set(archive.namelist())


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_zip_has_the_same_bytes_when_it_is_installed_pruned_and_compiled_again(
    packages: dict[str, Package], tmp_path: Path, part: str
) -> None:
    again = build(part, local_target(), tmp_path, cache=tmp_path / "empty-cache")
    assert again.sha256 == packages[part].sha256


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_zip_fits_into_lambda(packages: dict[str, Package], part: str) -> None:
    with zipfile.ZipFile(packages[part].path) as archive:
        assert sum(info.file_size for info in archive.infolist()) == packages[part].unzipped < UNZIPPED_LIMIT


@pytest.mark.slow
@pytest.mark.parametrize(("part", "mebibytes"), [("predict", 110), ("train", 235)])
def test_a_zip_for_lambda_stays_well_below_the_limit_with_its_bytecode(
    tmp_path: Path, part: str, mebibytes: int
) -> None:
    if compiler_for(LAMBDA) is None:
        pytest.skip(f"no python{LAMBDA.python_version} was found to compile with")
    package = build(part, LAMBDA, tmp_path)
    assert package.compiled_by
    assert package.unzipped < mebibytes * MIB
    assert "functions/predict/__pycache__/handler.cpython-313.pyc" in names(package)
    assert build(part, LAMBDA, tmp_path / "again").sha256 == package.sha256


@pytest.mark.slow
def test_a_zip_over_the_limit_is_refused_and_deleted(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"predict takes \d+ MiB unzipped; Lambda allows 50 MiB"):
        build("predict", local_target(), tmp_path, limit=50 * MIB)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_each_zip_contains_only_its_own_packages_with_their_bytecode(packages: dict[str, Package]) -> None:
    predict, train = names(packages["predict"]), names(packages["train"])
    assert {"functions/predict/handler.py", "menagerie/animal.py"} <= predict
    assert any(name.startswith("functions/predict/__pycache__/handler.") for name in predict)
    assert {"functions/train/handler.py", "training/pipeline.py"} <= train
    assert not {name for name in predict if name.startswith(("training/", "sklearn/", "scipy/", "tests/"))}
    assert not {name for name in train if name.startswith(("training/report", "matplotlib/", "jinja2/"))}
    assert not {name for name in predict | train if "data_service/" in name or name.startswith(("cloud/", "boto3/"))}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "modules"),
    [
        ("predict", "functions.predict.app, menagerie.classifier"),
        ("train", "functions.retrain.app, training.pipeline, skl2onnx, sklearn"),
    ],
)
def test_the_modules_of_a_zip_import_nothing_outside_it(
    packages: dict[str, Package], tmp_path: Path, part: str, modules: str
) -> None:
    with zipfile.ZipFile(packages[part].path) as archive:
        archive.extractall(tmp_path)
    # -I and -S: the packages of this environment and the current folder are not importable.
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {modules}; print(sys.modules['numpy'].__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))


def test_an_unknown_part_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no part called oracle; the parts are predict, train"):
        build("oracle", local_target(), tmp_path)


@pytest.mark.slow
def test_the_command_prints_the_size_and_the_largest_contents(tmp_path: Path) -> None:
    words = ["package", "predict", "--python-version", "local", "--output", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "MiB unzipped" in done.stdout
    assert "onnxruntime" in done.stdout
    assert f"predict: bytecode by CPython {platform.python_version()}" in done.stdout
    begun, *_, ended = done.stderr.splitlines()
    assert begun == "  Packaging predict …"
    assert ended.startswith(f"✓ Packaging predict: {tmp_path / 'predict.zip'} (")
    assert "\x1b" not in done.output
    assert (tmp_path / "predict.zip").exists()


def test_the_command_names_the_cost_of_missing_bytecode(tmp_path: Path) -> None:
    line = bytecode_line(Package("predict", tmp_path, sha256="", unzipped=1), "3.14")
    assert "no bytecode, because no python3.14 was found" in line
    assert "each cold start compiles" in line


def test_a_python_version_that_lambda_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"local or one of 3\.12"):
        CliRunner().invoke(
            app, ["package", "--python-version", "2.7", "--output", str(tmp_path)], catch_exceptions=False
        )


@pytest.mark.slow
def test_an_existing_zip_is_used_again_unless_it_has_changed(tmp_path: Path) -> None:
    first = build("predict", local_target(), tmp_path)
    made = first.path.stat().st_mtime_ns
    assert build("predict", local_target(), tmp_path) == first
    assert first.path.stat().st_mtime_ns == made
    first.path.write_bytes(first.path.read_bytes()[:-1])
    assert build("predict", local_target(), tmp_path) == first
    assert digest(first.path) == first.sha256
    (tmp_path / "predict.json").write_text("{}", encoding="utf-8")
    assert build("predict", local_target(), tmp_path) == first


def test_pip_settings_other_than_package_sources_do_not_affect_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = locked(make_wheel(tmp_path / "wheels", "coat", "1.0", files={"coat.py": ""})).replace("\\\n", " ")
    make_wheel(tmp_path / "wheels", "coat", "2.0")
    (tmp_path / "constraints.txt").write_text("coat==2.0\n", encoding="utf-8")
    (tmp_path / "pip.conf").write_text(
        f"[global]\nfind-links = {tmp_path}/wheels\nuser = true\n[install]\nroot = /nowhere\n", encoding="utf-8"
    )
    for name, value in {
        "PATH": "",  # no uv
        "PIP_CONFIG_FILE": f"{tmp_path}/pip.conf",
        "PIP_NO_INDEX": "1",
        "PIP_TARGET": f"{tmp_path}/elsewhere",
        "PIP_CONSTRAINT": f"{tmp_path}/constraints.txt",
        "PIP_NO_BINARY": ":all:",
        "PIP_REQUIRE_VIRTUALENV": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    for target in (local_target(), LAMBDA):
        tree = tmp_path / target.python_version
        install(requirements, target, tree)
        assert sorted(path.name for path in tree.iterdir()) == ["coat-1.0.dist-info", "coat.py"]
    assert not (tmp_path / "elsewhere").exists()


def test_dependencies_that_cannot_be_installed_are_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(Unavailable, match=r"^the dependencies could not be installed: .*coat==1\.0.*\)$"):
        install("coat==1.0 --hash=sha256:00\n", local_target(), tmp_path / "tree")


def test_without_pip_and_uv_the_error_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "pip", None)
    with pytest.raises(Unavailable, match=r"^packaging needs pip or uv; add pip to this Python with .* -m ensurepip`$"):
        install("coat==1.0 --hash=sha256:00\n", local_target(), tmp_path / "tree")
