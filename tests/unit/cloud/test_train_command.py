"""`menagerie train` with files and with a running data service."""

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import uvicorn
from moto import mock_aws
from typer.testing import CliRunner

from cloud.commands.train import train
from data_service.app import create_app
from data_service.generator import rows
from data_service.server import bind
from menagerie.aws.clients import s3_client
from menagerie.aws.registry import S3ModelRegistry
from menagerie.errors import InvalidInput, TrainingFailed, Unavailable
from training.model_folder import load

HEADER = "walks_on_n_legs,height,weight,has_wings,has_tail\n"

app = typer.Typer()
app.command()(train)


def run(*arguments: str) -> str:
    """Return standard output; an error of ours is raised, as it is from the function."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def csv_file(folder: Path, count: int, extra: str = "") -> Path:
    path = folder / "animals.csv"
    path.write_text(
        HEADER + "".join(",".join(map(str, row)) + "\n" for row in rows(42, count)) + extra, encoding="utf-8"
    )
    return path


@pytest.fixture
def data_service() -> Iterator[str]:
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(), log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def test_a_model_is_trained_from_a_running_data_service(data_service: str, tmp_path: Path) -> None:
    output = run("--data-service-url", data_service, "--seed", "7", "--output", str(tmp_path))
    manifest = load(tmp_path).manifest
    assert (manifest.training.kind, manifest.training.url, manifest.training.seed) == ("data-service", data_service, 7)
    assert manifest.training.rows == 1000
    for words in (manifest.version, "accuracy", "coverage", "elephant", f"{manifest.size:,} bytes", "14 of 14 checks"):
        assert words in output
    assert manifest.sha256 in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_matplotlib_a_model_is_written_without_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("training.report.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    (tmp_path / "report.html").write_text("of an earlier model", encoding="utf-8")
    result = CliRunner().invoke(app, ["--dataset", str(csv_file(tmp_path, 500)), "--output", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert "without a report: matplotlib is not installed" in result.stderr
    assert load(tmp_path).version
    assert not (tmp_path / "report.html").exists()


def test_a_model_is_trained_from_a_csv_file_and_invalid_lines_are_named(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 500, extra="4,tall,25,False,True\n")
    result = CliRunner().invoke(app, ["--dataset", str(path), "--output", str(tmp_path / "model")])
    assert result.exit_code == 0
    assert f"omitted: {path}, line 502: height: input should be a valid number" in result.stderr
    manifest = load(tmp_path / "model").manifest
    assert (manifest.training.kind, manifest.training.key) == ("dataset", "animals.csv")
    assert (manifest.training.rows, manifest.training.rows_refused) == (501, 1)


def test_the_same_seed_gives_the_same_model(data_service: str, tmp_path: Path) -> None:
    for name in ("first", "second"):
        run("--data-service-url", data_service, "--number-of-datapoints", "400", "--output", str(tmp_path / name))
    assert (tmp_path / "first" / "model.onnx").read_bytes() == (tmp_path / "second" / "model.onnx").read_bytes()


def test_without_a_terminal_each_stage_prints_a_line_at_its_begin_and_its_end(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--dataset", str(csv_file(tmp_path, 400)), "--output", str(tmp_path / "m")])
    lines = [re.sub(r" \(\d+\.\d s\)$", "", line) for line in result.stderr.splitlines()]
    stages = ["fetching", "validating", "labelling", "fitting", "evaluating", "exporting"]
    assert lines == [
        *(line for stage in stages for line in (f"  {stage} …", f"✓ {stage}")),
        "  Writing the model and its report …",
        f"✓ Writing the model and its report: {tmp_path / 'm'}",
    ]


def test_a_failed_training_does_not_change_the_folder(tmp_path: Path) -> None:
    output = tmp_path / "model"
    run("--dataset", str(csv_file(tmp_path, 400)), "--output", str(output))
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    with pytest.raises(TrainingFailed, match="in 30 valid rows"):
        run("--dataset", str(csv_file(tmp_path, 30)), "--output", str(output))
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before


def test_a_failed_training_creates_no_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed):
        run("--dataset", str(csv_file(tmp_path, 30)), "--output", str(tmp_path / "model"))
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ([], "either --data-service-url or --dataset"),
        (["--data-service-url", "http://x", "--dataset", "x.csv"], "either --data-service-url or --dataset"),
        (["--dataset", "missing.csv"], "cannot read missing.csv"),
        (
            ["--dataset", "missing.csv", "--publish"],
            "--publish needs the bucket of a registry",
        ),
        (["--data-service-url", "ftp://x"], "is no address of a data service"),
    ],
)
def test_contradictory_options_are_an_error_with_advice(
    arguments: list[str], output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODELS_BUCKET", raising=False)
    with pytest.raises(InvalidInput, match=output):
        run(*arguments, "--output", str(tmp_path))


def test_an_output_that_is_a_file_is_refused_before_any_work(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 400)
    result = CliRunner().invoke(app, ["--dataset", str(path), "--output", str(path)])
    assert result.exit_code != 0
    assert path.read_text(encoding="utf-8").startswith(HEADER)


@pytest.mark.slow  # its waits between attempts are real
def test_an_unreachable_data_service_is_named(tmp_path: Path) -> None:
    listener = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    with pytest.raises(Unavailable, match=rf"the data service at {url}\S* does not respond"):
        run("--data-service-url", url, "--output", str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_published_model_is_in_the_bucket_and_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("MODELS_BUCKET", "models")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3_client().create_bucket(Bucket="models")
        output = run("--dataset", str(csv_file(tmp_path, 400)), "--output", str(tmp_path / "m"), "--publish")
        registry = S3ModelRegistry(s3_client(), "models")
        pointer = registry.current()
        assert pointer
        manifest = load(tmp_path / "m").manifest
        assert registry.manifest(pointer.version) == manifest
        assert registry.model(pointer.version) == (tmp_path / "m" / "model.onnx").read_bytes()
    assert manifest.reason == "promoted: there is no current model to compare with"
    assert "promoted" in output
