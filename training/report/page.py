"""Renders the report of a training from its manifest and rows."""

from collections.abc import Iterator

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from menagerie.animal import CLASSES, FEATURE_DETAILS
from menagerie.manifest import ModelManifest
from training.labelling.zoology import SIZE_COLUMNS
from training.report.plots import MAX_ROWS_PER_LABEL, coverage_plot, reliability_plot, size_plot
from training.rows import LabelledRows

NONE = "-"


def render_report(manifest: ModelManifest, rows: LabelledRows) -> str:
    """Return the page for a model and all rows of its training; the same for the same model."""
    templates = Environment(
        loader=PackageLoader("training.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["figure"] = format_figure
    return templates.get_template("report.html").render(
        manifest=manifest,
        metrics=manifest.metrics,
        training=manifest.training,
        target=manifest.thresholds.target_coverage,
        classes=CLASSES,
        size_features=[FEATURE_DETAILS[column] for column in SIZE_COLUMNS],
        labels=list(_label_table(rows.matrix, rows.labels)),
        max_rows_per_label=MAX_ROWS_PER_LABEL,
        size_plot=size_plot(rows.matrix, rows.labels),
        reliability_plot=reliability_plot(manifest.metrics.calibration),
        coverage_plot=coverage_plot(manifest.metrics, manifest.thresholds.target_coverage),
    )


def format_figure(value: float | None, form: str) -> str:
    """Format a number as by `format`; older manifests lack some figures."""
    return NONE if value is None else format(value, form)


def _label_table(rows: NDArray[np.float32], labels: NDArray[np.int64]) -> Iterator[tuple[str, int, float, list[str]]]:
    """Yield for each class its name, rows, share of all rows, and the middle nine tenths of its sizes."""
    for index, species in enumerate(CLASSES):
        own = rows[labels == index]
        sizes = [_middle(own[:, column], FEATURE_DETAILS[column].unit) for column in SIZE_COLUMNS]
        yield species, len(own), len(own) / len(rows), sizes


def _middle(values: NDArray[np.float32], unit: str) -> str:
    if not len(values):
        return NONE
    low, high = np.quantile(values, [0.05, 0.95]).tolist()
    return f"{_three_digits(low)} to {_three_digits(high)} {unit}"


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):,g}"
