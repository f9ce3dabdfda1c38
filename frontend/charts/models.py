"""Charts of models as pure functions: a metric over time, the confusion matrix and the calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from frontend.charts.predictions import ACCENT, BAD, MUTED, TIME_AXIS
from frontend.wording import describe_version
from menagerie.manifest import ModelManifest

HEIGHT = 240


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a model, measured on held-out rows."""

    field: str
    """Its name in `menagerie.manifest.Metrics`."""
    title: str
    format: str
    meaning: str


METRICS = (
    Metric("accuracy", "Accuracy", ".2%", "Share of correct predictions; higher is better."),
    Metric("log_loss", "Log loss", ".2~e", "Mean of -ln(probability of the label); lower is better."),
    Metric(
        "brier_score",
        "Brier score",
        ".2~e",
        "Mean squared difference of the probabilities from 1 or 0; lower is better.",
    ),
    Metric(
        "expected_calibration_error",
        "Calibration error",
        ".2%",
        "Mean difference of confidence and accuracy; lower is better.",
    ),
    Metric(
        "coverage", "Coverage", ".2%", "Share of prediction sets that contain the label; at least the target is good."
    ),
    Metric(
        "threshold_reached",
        "Threshold reached",
        ".2%",
        "Share of labels that reach their conformal threshold; close to the target is good.",
    ),
    Metric(
        "mean_set_size",
        "Mean set size",
        ".3f",
        "Mean number of species in a prediction set; 1 is best at sufficient coverage.",
    ),
)


def metric_over_time_chart(
    models: Sequence[ModelManifest], metric: Metric, current: str | None, timezone: str
) -> alt.LayerChart:
    """Draw one point for each model at its time in the time zone; the current model's point is filled."""
    frame = pd.DataFrame(
        [
            {
                "made": pd.Timestamp(model.created_at).tz_convert(timezone).tz_localize(None),
                "value": getattr(model.metrics, metric.field),
                "model": describe_version(model.version),
                "state": "current" if model.version == current else "not current",
            }
            for model in models
            if getattr(model.metrics, metric.field) is not None
        ],
        columns=["made", "value", "model", "state"],
    )
    base = alt.Chart(frame).encode(
        x=alt.X("made:T", title=None, axis=TIME_AXIS),
        y=alt.Y(
            "value:Q",
            title=metric.title,
            scale=alt.Scale(zero=False, nice=True, padding=12),
            axis=alt.Axis(format=metric.format, tickCount=4, domain=False),
        ),
        tooltip=[
            alt.Tooltip("model:N", title="Model of"),
            alt.Tooltip("value:Q", title=metric.title, format=metric.format),
            alt.Tooltip("state:N", title="State"),
        ],
    )
    points = base.mark_point(size=110, strokeWidth=2, color=ACCENT).encode(
        fill=alt.condition("datum.state == 'current'", alt.value(ACCENT), alt.value("transparent"))
    )
    line = base.mark_line(color=ACCENT, opacity=0.5, strokeWidth=1.5)
    return alt.LayerChart(layer=(line, points), height=HEIGHT)


def confusion_chart(model: ModelManifest) -> alt.LayerChart:
    """Draw the confusion matrix: a row for each label, a column for each predicted species."""
    rows = [
        {
            "label": truth.label,
            "answer": answer.label,
            "rows": count,
            "share": count / max(sum(counts), 1),
            "kind": "none" if not count else "correct" if truth == answer else "wrong",
        }
        for truth, counts in zip(model.classes, model.metrics.confusion_matrix, strict=True)
        for answer, count in zip(model.classes, counts, strict=True)
    ]
    order = [species.label for species in model.classes]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("answer:N", sort=order, title="Predicted", axis=alt.Axis(orient="top", labelAngle=-35, domain=False)),
        y=alt.Y("label:N", sort=order, title="Label", axis=alt.Axis(domain=False)),
        tooltip=[
            alt.Tooltip("label:N", title="Label"),
            alt.Tooltip("answer:N", title="Predicted"),
            alt.Tooltip("rows:Q", title="Rows", format=","),
            alt.Tooltip("share:Q", title="Share of the label", format=".1%"),
        ],
    )
    colours = alt.Scale(domain=["none", "correct", "wrong"], range=[MUTED, ACCENT, BAD])
    tiles = base.mark_rect(cornerRadius=4, stroke="transparent", strokeWidth=3).encode(
        color=alt.Color("kind:N", scale=colours, legend=None),
        opacity=alt.condition("datum.kind == 'none'", alt.value(0.12), alt.value(0.95)),
    )
    numbers = (
        base.mark_text(fontWeight=600, color="white")
        .encode(text=alt.Text("rows:Q", format=","))
        .transform_filter("datum.rows > 0")
    )
    return alt.LayerChart(layer=(tiles, numbers), height=HEIGHT + 40)


def calibration_chart(model: ModelManifest) -> alt.LayerChart:
    """Draw the accuracy of predictions by their confidence, one point for each bin, and the line where both are equal.

    Guo et al., On Calibration of Modern Neural Networks (2017), call it a reliability diagram.
    """
    frame = pd.DataFrame(
        [{"confidence": b.confidence, "accuracy": b.accuracy, "rows": b.rows} for b in model.metrics.calibration]
    )
    unit, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=4, domain=False)
    line = (
        alt.Chart(pd.DataFrame({"confidence": [0, 1], "accuracy": [0, 1]}))
        .mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x="confidence:Q", y="accuracy:Q")
    )
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, color=ACCENT, opacity=0.9)
        .encode(
            x=alt.X("confidence:Q", scale=unit, title="Confidence", axis=axis),
            y=alt.Y("accuracy:Q", scale=unit, title="Accuracy", axis=axis),
            size=alt.Size("rows:Q", scale=alt.Scale(range=[40, 300]), legend=None),
            tooltip=[
                alt.Tooltip("confidence:Q", title="Mean confidence", format=".2%"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".2%"),
                alt.Tooltip("rows:Q", title="Rows", format=","),
            ],
        )
    )
    return alt.LayerChart(layer=(line, points), height=HEIGHT - 40)
