"""Models and trainings as data frames: pure functions."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from frontend.charts.models import METRICS
from frontend.wording import counted, describe_version
from menagerie.job import Job
from menagerie.manifest import ModelManifest, TrainingSource

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig


def model_frame(models: Sequence[ModelManifest], current: str | None) -> pd.DataFrame:
    """Return one row for each model in the order given."""
    return pd.DataFrame(
        [
            {
                "current": "● current" if model.version == current else "",
                "made": model.created_at,
                "accuracy": model.metrics.accuracy,
                "log_loss": model.metrics.log_loss,
                "coverage": model.metrics.coverage,
                "mean_set_size": model.metrics.mean_set_size,
                "trained_from": describe_training(model.training),
                "reason": model.reason or "",
                "version": model.version,
            }
            for model in models
        ]
    )


def model_columns(timezone: str) -> dict[str, "ColumnConfig"]:
    """Return the configuration of the columns of `model_frame`; times are shown in the time zone."""
    columns = st.column_config
    return {
        "current": columns.TextColumn("", width=80),
        "made": columns.DatetimeColumn("Trained", format="D MMM YYYY, HH:mm:ss", timezone=timezone),
        "accuracy": columns.NumberColumn("Accuracy", format="percent"),
        "log_loss": columns.NumberColumn("Log loss", format="%.2e"),
        "coverage": columns.NumberColumn("Coverage", format="percent"),
        "mean_set_size": columns.NumberColumn("Mean set size", format="%.3f"),
        "trained_from": columns.TextColumn("Trained from"),
        "reason": columns.TextColumn("Promotion", width=320),
        "version": columns.TextColumn("Version"),
    }


def comparison_frame(model: ModelManifest, other: ModelManifest) -> pd.DataFrame:
    """Return one row for each metric: the values of both models and their difference, model minus other, as text."""
    rows = []
    for metric in METRICS:
        value, reference = getattr(model.metrics, metric.field), getattr(other.metrics, metric.field)
        is_known = value is not None and reference is not None
        rows.append(
            {
                "metric": metric.title,
                "model": _format(value, metric.format),
                "other": _format(reference, metric.format),
                "difference": _format(value - reference, "+" + metric.format) if is_known else "",
                "meaning": metric.meaning,
            }
        )
    return pd.DataFrame(rows)


def job_frame(jobs: Sequence[Job]) -> pd.DataFrame:
    """Return one row for each job in the order given."""
    return pd.DataFrame(
        [
            {
                "created_at": job.created_at,
                "status": job.status,
                "source": job.request.source.kind,
                "promote": job.request.promote,
                "outcome": job.error or job.reason or "",
                "model": describe_version(job.model_version) if job.model_version else "",
                "job_id": job.job_id,
            }
            for job in jobs
        ]
    )


def job_columns(timezone: str) -> dict[str, "ColumnConfig"]:
    """Return the configuration of the columns of `job_frame`; times are shown in the time zone."""
    columns = st.column_config
    return {
        "created_at": columns.DatetimeColumn("Started", format="D MMM YYYY, HH:mm:ss", timezone=timezone),
        "status": columns.TextColumn("Status"),
        "source": columns.TextColumn("Source"),
        "promote": columns.TextColumn("Promote"),
        "outcome": columns.TextColumn("Result", width=380),
        "model": columns.TextColumn("Model of"),
        "job_id": columns.TextColumn("Job"),
    }


def describe_training(training: TrainingSource) -> str:
    """Describe the source of a model's rows in a few words."""
    rows = counted(training.rows, "row")
    match training.kind:
        case "data-service":
            return f"data service, {rows}" + ("" if training.seed is None else f", seed {training.seed}")
        case "dataset":
            return f"{training.key or 'a file'}, {rows}"
        case _:
            return f"{training.kind}, {rows}"


def _format(value: float | None, form: str) -> str:
    if value is None:
        return "not known"
    # As the charts format it: Python writes 1.03e-05, d3 1.03e-5.
    return re.sub(r"(e[+-])0(?=\d)", r"\1", f"{value:{form.replace('~', '')}}")
