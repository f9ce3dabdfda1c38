"""Models and trainings as data frames: pure functions."""

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
    """Return one row a model in the order given."""
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
    """Say how Streamlit shows the columns of `model_frame`; times in the zone named."""
    columns = st.column_config
    return {
        "current": columns.TextColumn("", width=80),
        "made": columns.DatetimeColumn("Made", format="D MMM YYYY, HH:mm:ss", timezone=timezone),
        "accuracy": columns.NumberColumn("Accuracy", format="percent"),
        "log_loss": columns.NumberColumn("Log loss", format="scientific"),
        "coverage": columns.NumberColumn("Coverage", format="percent"),
        "mean_set_size": columns.NumberColumn("Set size", format="%.3f"),
        "trained_from": columns.TextColumn("Trained from"),
        "reason": columns.TextColumn("Why it was or was not promoted", width=320),
        "version": columns.TextColumn("Version"),
    }


def comparison_frame(model: ModelManifest, other: ModelManifest) -> pd.DataFrame:
    """Return one row a metric: both figures and the difference, model less other, as text."""
    rows = []
    for metric in METRICS:
        mine, theirs = getattr(model.metrics, metric.field), getattr(other.metrics, metric.field)
        known = mine is not None and theirs is not None
        rows.append(
            {
                "metric": metric.title,
                "model": _figure(mine, metric.format),
                "other": _figure(theirs, metric.format),
                "difference": _figure(mine - theirs, "+" + metric.format) if known else "",
                "meaning": metric.meaning,
            }
        )
    return pd.DataFrame(rows)


def job_frame(jobs: Sequence[Job]) -> pd.DataFrame:
    """Return one row a training in the order given."""
    return pd.DataFrame(
        [
            {
                "asked": job.created_at,
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
    """Say how Streamlit shows the columns of `job_frame`; times in the zone named."""
    columns = st.column_config
    return {
        "asked": columns.DatetimeColumn("Asked for", format="D MMM YYYY, HH:mm:ss", timezone=timezone),
        "status": columns.TextColumn("Status"),
        "source": columns.TextColumn("Source"),
        "promote": columns.TextColumn("Promote"),
        "outcome": columns.TextColumn("What came of it", width=380),
        "model": columns.TextColumn("Model made"),
        "job_id": columns.TextColumn("Job"),
    }


def describe_training(training: TrainingSource) -> str:
    """Say in a few words where a model's rows came from."""
    rows = counted(training.rows, "row")
    match training.kind:
        case "data-service":
            return f"data service, {rows}" + ("" if training.seed is None else f", seed {training.seed}")
        case "dataset":
            return f"{training.key or 'a file'}, {rows}"
        case _:
            return f"{training.kind}, {rows}"


def _figure(value: float | None, form: str) -> str:
    return "not known" if value is None else f"{value:{form.replace('~', '')}}"
