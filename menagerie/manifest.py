"""The model manifest: everything that is known of one trained model, stored beside its ONNX file."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from menagerie.animal import CLASSES, FEATURES, Animal, Species

MODEL_FILE = "model.onnx"
ROWS_FILE = "rows.csv.gz"
MANIFEST_FILE = "manifest.json"
VERSION_PATTERN = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}$")
_VERSION_TIME = "%Y%m%dT%H%M%SZ"

Probabilities = dict[Species, float]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingSource(_Record):
    """Where the training rows came from and what became of them."""

    kind: Literal["data-service", "dataset", "feedback"]
    url: str | None = None
    seed: int | None = None
    key: str | None = None
    rows: Annotated[int, Field(description="Rows received.")]
    rows_refused: Annotated[int, Field(description="Rows that were no valid animal.")] = 0
    share_refused: Annotated[float | None, Field(description="Share of the rows received that this is.")] = None
    feedback_rows: Annotated[int, Field(description="Rows whose label a person gave.")] = 0
    rows_file: Annotated[str | None, Field(description="The rows, kept in the registry beside the model.")] = None
    rows_sha256: str | None = None
    rows_by_label: Annotated[dict[Species, int], Field(description="Valid rows by the label they were given.")]


class ClassMetrics(_Record):
    """One class on the held-out rows."""

    precision: Annotated[float, Field(description="Share of the rows answered with this class that have its label.")]
    recall: Annotated[float, Field(description="Share of the rows with this label that are answered with it.")]
    f1: Annotated[float, Field(description="Harmonic mean of precision and recall.")]
    support: Annotated[int, Field(description="Held-out rows with this label.")]
    coverage: Annotated[
        float | None, Field(description="Share of the rows with this label whose prediction set holds it.")
    ] = None
    threshold_reached: Annotated[
        float | None, Field(description="Share of the rows with this label that reach its conformal threshold.")
    ] = None


class CalibrationBin(_Record):
    """Held-out rows answered with a confidence in [lower, upper), and how often the answer was their label."""

    lower: float
    upper: float
    rows: int
    confidence: Annotated[float, Field(description="Mean probability of the answer.")]
    accuracy: float


class Metrics(_Record):
    """Measured on rows the classifier was not fitted on, against the labels that labelling gave them."""

    rows: Annotated[int, Field(description="Held-out rows.")]
    accuracy: Annotated[float, Field(description="Share of held-out rows answered with their label.")]
    log_loss: Annotated[float, Field(description="Mean of -ln(probability of the label), in nats.")]
    coverage: Annotated[float, Field(description="Share of held-out rows whose label is in the prediction set.")]
    mean_set_size: Annotated[float, Field(description="Mean number of classes in a prediction set.")]
    threshold_reached: Annotated[
        float | None,
        Field(description="Share of held-out rows whose label reaches its conformal threshold: what is promised."),
    ] = None
    share_unknown: Annotated[
        float | None, Field(description="Share of held-out rows that the model refuses to name: answered unknown.")
    ] = None
    brier_score: Annotated[
        float | None,
        Field(description="Mean over rows of the squared differences of all probabilities from 1 or 0, 0 to 2."),
    ] = None
    expected_calibration_error: Annotated[
        float | None,
        Field(description="Mean difference of confidence and accuracy over the bins of `calibration`, by their rows."),
    ] = None
    per_class: dict[Species, ClassMetrics]
    calibration: Annotated[
        tuple[CalibrationBin, ...], Field(description="Confidence against accuracy; bins without rows are left out.")
    ] = ()
    confusion_matrix: Annotated[list[list[int]], Field(description="Rows labels, columns answers, as in `classes`.")]
    onnx_rows_compared: Annotated[int, Field(description="Rows on which ONNX and scikit-learn were compared.")]
    onnx_max_difference: Annotated[float, Field(description="Largest difference of a probability among them.")]
    definitions: Annotated[dict[str, str], Field(description="What each figure is, in words.")] = {}


class ZoologyCheck(_Record):
    """Something known of animals, and whether the model's answers agree."""

    statement: str
    holds: bool
    seen: Annotated[str, Field(description="The figures behind it.")]


class ConformalThresholds(_Record):
    """Split conformal prediction: a species is in the set when its probability reaches its threshold."""

    target_coverage: float
    minimum_probability: Probabilities


class Canary(_Record):
    """A row with the answer that the model gave when it was made; checked whenever it is loaded."""

    animal: Animal
    probabilities: Probabilities


class ModelManifest(_Record):
    """What a model is, where it came from, and how to tell that a file is really it."""

    version: Annotated[str, Field(pattern=VERSION_PATTERN.pattern)]
    parent: str | None = None
    created_at: datetime
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(gt=0, description="Bytes of the ONNX file.")]
    classes: tuple[Species, ...] = CLASSES
    features: tuple[str, ...] = FEATURES
    algorithm: Annotated[str, Field(description="The classifier and its parameters, in one line.")]
    random_seed: int
    thresholds: ConformalThresholds
    metrics: Metrics
    training: TrainingSource
    libraries: dict[str, str]
    canaries: tuple[Canary, ...]
    zoology: tuple[ZoologyCheck, ...] = ()
    reason: Annotated[str | None, Field(description="Why it was or was not promoted.")] = None


def model_version(created_at: datetime, sha256: str) -> str:
    """Return a version that sorts by time and names its content, as in 20260131T120000Z-0a1b2c3d."""
    return f"{created_at:{_VERSION_TIME}}-{sha256[:8]}"


def later_version(created_at: datetime, sha256: str, others: Iterable[str]) -> str:
    """Return a version as `model_version` does, but one that sorts behind all others.

    The others may have been made by a clock that was ahead and has been corrected since. The version then names one
    second after the last of them.
    """
    version = model_version(created_at, sha256)
    last = max(others, default="")
    if version > last:
        return version
    try:
        after = datetime.strptime(last.partition("-")[0], _VERSION_TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    except (ValueError, OverflowError):  # the pattern takes 31 February as well
        return version
    return model_version(after, sha256)


def metric_definitions() -> dict[str, str]:
    """Return what each figure of `Metrics` and of `ClassMetrics` is, by its name."""
    parts: tuple[tuple[str, type[BaseModel]], ...] = (("", Metrics), ("per_class.", ClassMetrics))
    return {
        prefix + name: field.description
        for prefix, part in parts
        for name, field in part.model_fields.items()
        if field.description and name != "definitions"
    }
