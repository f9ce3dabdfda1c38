"""`menagerie train`: train a model from a data service or a CSV file without a cloud."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from menagerie.job import MAX_DATAPOINTS, DataServiceSource, PromotionRule, Stage

if TYPE_CHECKING:
    from menagerie.manifest import ModelManifest
    from training.pipeline import ProgressCallback, TrainedModel
    from training.publishing import Publication
    from training.rows import LabelledRows

NAMED_LINES = 5


def train(
    output: Annotated[Path, typer.Option(help="Folder for model.onnx, manifest.json and report.html.")],
    data_service_url: Annotated[str | None, typer.Option(help="Data service with the training rows.")] = None,
    seed: Annotated[int, typer.Option(help="Seed for the data service.")] = 42,
    number_of_datapoints: Annotated[int, typer.Option(help="Number of rows.", min=1, max=MAX_DATAPOINTS)] = 1000,
    dataset: Annotated[Path | None, typer.Option(help="CSV file with the training rows.", dir_okay=False)] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Also store the model in the S3 registry.")] = False,
    promote: Annotated[PromotionRule, typer.Option(help="When a published model becomes current.")] = "if-better",
    bucket: Annotated[str | None, typer.Option(help="Bucket of the S3 registry.", envvar="MODELS_BUCKET")] = None,
) -> None:
    """Train a model and write it to a folder. Nothing is written unless every check passes."""
    from cloud.console import Steps
    from menagerie.errors import InvalidInput
    from training.model_folder import REPORT_FILE, write

    if (data_service_url is None) == (dataset is None):
        raise InvalidInput("give either --data-service-url or --dataset as the source of the rows")
    if publish and not bucket:
        raise InvalidInput("--publish needs the bucket of a registry: give --bucket or set MODELS_BUCKET")
    if output.exists() and not output.is_dir():
        raise InvalidInput(f"--output {output} is a file, not a folder")
    steps = Steps()
    with steps.stages() as report:
        trained = (
            _from_dataset(dataset, report)
            if dataset
            else _from_data_service(data_service_url or "", seed, number_of_datapoints, report)
        )
    published = None
    if publish and bucket:
        with steps.step("Publishing the model") as update:
            published = _publish(trained, bucket, promote)
            update(published.reason)
    manifest = published.manifest if published else trained.manifest
    with steps.step("Writing the model and its report") as update:
        page = _report(manifest, trained.rows)
        write(output, trained.onnx, manifest, beside={REPORT_FILE: page} if page else None)
        if page is None:
            (output / REPORT_FILE).unlink(missing_ok=True)  # of an earlier model
        update(str(output) if page else f"{output}, without a report: matplotlib is not installed")
    _summarise(manifest, output, published)


def _from_data_service(url: str, seed: int, number_of_datapoints: int, report: "ProgressCallback") -> "TrainedModel":
    from training.sources import train_from_data_service

    return train_from_data_service(
        url, DataServiceSource(seed=seed, number_of_datapoints=number_of_datapoints), report=report
    )


def _from_dataset(path: Path, report: "ProgressCallback") -> "TrainedModel":
    from menagerie.animal_file import read_path
    from training import pipeline
    from training.rows import Origin, rows_of

    report(Stage.FETCHING, 0.0)
    rows = rows_of(read_path(path))
    for refusal in rows.refusals[:NAMED_LINES]:
        typer.echo(f"omitted: {path}, {refusal}", err=True)
    if rows.refused > NAMED_LINES:
        typer.echo(f"left out: {path}, {rows.refused - NAMED_LINES} more lines", err=True)
    origin = Origin("dataset", key=path.name)
    return pipeline.train(rows, source=origin, created_at=datetime.now(UTC), report=report)


def _publish(trained: "TrainedModel", bucket: str, promote: PromotionRule) -> "Publication":
    from menagerie.aws.clients import s3_client
    from menagerie.aws.registry import S3ModelRegistry
    from training.publishing import publish

    return publish(trained, S3ModelRegistry(s3_client(), bucket), promote)


def _report(manifest: "ModelManifest", rows: "LabelledRows") -> bytes | None:
    """Return the report, or None where its libraries are not installed, as in the image of `menagerie deploy`."""
    try:
        from training.report.page import render_report  # after the training, since matplotlib takes 0.5 s
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "matplotlib"):
            raise
        return None
    return render_report(manifest, rows).encode()


def _summarise(manifest: "ModelManifest", output: Path, published: "Publication | None") -> None:
    from rich.table import Table

    from cloud.console import OutputConsole
    from training.model_folder import REPORT_FILE

    training, metrics = manifest.training, manifest.metrics
    target = manifest.thresholds.target_coverage
    table = Table("", "", title=f"Model {manifest.version}", show_header=False)
    table.add_row("rows", f"{training.rows:,} ({training.rows_refused:,} refused)")
    for species, count in training.rows_by_label.items():
        recall = metrics.per_class[species].recall
        table.add_row(f"  {species}", f"{count:,} labelled, {recall:.4f} of the held-out ones recognised")
    table.add_row("accuracy", f"{metrics.accuracy:.5f} on {metrics.rows:,} held-out rows, against their labels")
    table.add_row("coverage", f"{metrics.coverage:.4f}, {target:.0%} wanted; {metrics.mean_set_size:.3f} species a set")
    table.add_row("log loss", f"{metrics.log_loss:.6f}")
    holds = sum(check.holds for check in manifest.zoology)
    table.add_row("zoology", f"{holds} of {len(manifest.zoology)} checks hold")
    table.add_row(
        "ONNX",
        f"{manifest.size:,} bytes; off by {metrics.onnx_max_difference:.1g} on {metrics.onnx_rows_compared:,} rows",
    )
    table.add_row("written to", str(output))
    if (output / REPORT_FILE).exists():
        table.add_row("report", str(output / REPORT_FILE))
    if published:
        table.add_row("registry", published.reason)
    OutputConsole().print(table)
