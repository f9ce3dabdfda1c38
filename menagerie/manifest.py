"""The model manifest: the description of one trained model, stored beside its ONNX file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

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
    """The source of the training rows, and how many were used."""

    kind: Literal["data-service", "dataset", "feedback"]
    url: str | None = None
    seed: int | None = None
    key: str | None = None
    rows: Annotated[int, Field(description="Rows received.")]
    rows_refused: Annotated[int, Field(description="Rows that were not valid animals.")] = 0
    share_refused: Annotated[float | None, Field(description="`rows_refused` as a share of `rows`.")] = None
    feedback_rows: Annotated[int, Field(description="Rows whose label came from feedback.")] = 0
    rows_file: Annotated[
        str | None, Field(description="Name of the file with the rows, in the registry beside the model.")
    ] = None
    rows_sha256: str | None = None
    rows_by_label: Annotated[dict[Species, int], Field(description="Valid rows by label.")]


class ClassMetrics(_Record):
    """Metrics of one class, on the held-out rows."""

    precision: Annotated[float, Field(description="Share of the rows predicted as this class that have its label.")]
    recall: Annotated[float, Field(description="Share of the rows with this label that are predicted as it.")]
    f1: Annotated[float, Field(description="Harmonic mean of precision and recall.")]
    support: Annotated[int, Field(description="Held-out rows with this label.")]
    coverage: Annotated[
        float | None, Field(description="Share of the rows with this label whose prediction set contains it.")
    ] = None
    threshold_reached: Annotated[
        float | None, Field(description="Share of the rows with this label that reach its conformal threshold.")
    ] = None


class CalibrationBin(_Record):
    """Held-out rows predicted with a confidence in [lower, upper), and how often the prediction was their label."""

    lower: float
    upper: float
    rows: int
    confidence: Annotated[float, Field(description="Mean probability of the predicted class.")]
    accuracy: float


class Metrics(_Record):
    """Metrics on rows that the classifier was not fitted on, against the labels from labelling."""

    rows: Annotated[int, Field(description="Held-out rows.")]
    accuracy: Annotated[float, Field(description="Share of held-out rows predicted as their label.")]
    log_loss: Annotated[float, Field(description="Mean of -ln(probability of the label), in nats.")]
    coverage: Annotated[float, Field(description="Share of held-out rows whose label is in the prediction set.")]
    mean_set_size: Annotated[float, Field(description="Mean number of classes in a prediction set.")]
    threshold_reached: Annotated[
        float | None,
        Field(
            description="Share of held-out rows whose label reaches its threshold, to compare with `target_coverage`."
        ),
    ] = None
    share_unknown: Annotated[float | None, Field(description="Share of held-out rows predicted as unknown.")] = None
    brier_score: Annotated[
        float | None,
        Field(description="Mean over rows of the sum of squared errors of the probabilities, 0 to 2."),
    ] = None
    expected_calibration_error: Annotated[
        float | None,
        Field(description="Mean difference of confidence and accuracy over the bins, weighted by rows."),
    ] = None
    per_class: dict[Species, ClassMetrics]
    calibration: Annotated[
        tuple[CalibrationBin, ...], Field(description="Accuracy by confidence; bins without rows are left out.")
    ] = ()
    confusion_matrix: Annotated[
        list[list[int]],
        Field(description="Rows are labels, columns predictions, as in `classes`."),
    ]
    onnx_rows_compared: Annotated[
        int, Field(description="Rows on which the ONNX model was compared with scikit-learn's.")
    ]
    onnx_max_difference: Annotated[float, Field(description="Largest difference of a probability between the two.")]
    definitions: Annotated[dict[str, str], Field(description="Definition of each metric.")] = {}


class ZoologyCheck(_Record):
    """A fact of zoology, and whether the model's predictions agree with it."""

    statement: str
    holds: bool
    seen: Annotated[str, Field(description="The values that were compared.")]


class ConformalThresholds(_Record):
    """Split conformal prediction: a species is in the set when its probability reaches its threshold."""

    target_coverage: float
    minimum_probability: Probabilities


class Canary(_Record):
    """A row with the probabilities that the model gave when it was trained, compared whenever it is loaded."""

    animal: Animal
    probabilities: Probabilities


class ModelManifest(_Record):
    """The origin, metrics and parameters of a model, and the digest and canary rows that verify its file."""

    version: Annotated[str, Field(pattern=VERSION_PATTERN.pattern)]
    parent: str | None = None
    created_at: datetime
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(gt=0, description="Size of the ONNX file in bytes.")]
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
    reason: Annotated[str | None, Field(description="Why the model was or was not promoted.")] = None


def model_version(created_at: datetime, sha256: str) -> str:
    """Return a version that sorts by time and contains the digest's beginning, as in 20260131T120000Z-0a1b2c3d."""
    return f"{created_at:{_VERSION_TIME}}-{sha256[:8]}"


def later_version(created_at: datetime, sha256: str, others: Iterable[str]) -> str:
    """Return a version as `model_version` does, but one that sorts behind all others.

    If a clock that was ahead made one of the others, the version has a time of one second after the latest.
    """
    version = model_version(created_at, sha256)
    last = max(others, default="")
    if version > last:
        return version
    try:
        after = datetime.strptime(last.partition("-")[0], _VERSION_TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    except (ValueError, OverflowError):  # the pattern allows 31 February as well
        return version
    return model_version(after, sha256)


def metric_definitions() -> dict[str, str]:
    """Return the definition of each metric in `Metrics` and `ClassMetrics`, by name."""
    parts: tuple[tuple[str, type[BaseModel]], ...] = (("", Metrics), ("per_class.", ClassMetrics))
    return {
        prefix + name: field.description
        for prefix, part in parts
        for name, field in part.model_fields.items()
        if field.description and name != "definitions"
    }


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which version is current; `etag` changes whenever the pointer does."""

    version: str
    promoted_at: datetime
    etag: str

    @classmethod
    def unreadable(cls, etag: str) -> Self:
        """Return a stand-in for a stored pointer that cannot be read: it names no version."""
        return cls("", datetime.min.replace(tzinfo=UTC), etag)
