"""The model manifest: everything that is known of one trained model, stored beside its ONNX file."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from menagerie.animal import CLASSES, FEATURES, Animal, Species

MODEL_FILE = "model.onnx"
ROWS_FILE = "rows.csv.gz"
MANIFEST_FILE = "manifest.json"
VERSION_PATTERN = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}$")

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
    feedback_rows: Annotated[int, Field(description="Rows whose label a person gave.")] = 0
    rows_file: Annotated[str | None, Field(description="The rows, kept in the registry beside the model.")] = None
    rows_sha256: str | None = None
    rows_by_label: Annotated[dict[Species, int], Field(description="Valid rows by the label they were given.")]


class ClassMetrics(_Record):
    """One class on the held-out rows."""

    precision: float
    recall: float
    f1: float
    support: Annotated[int, Field(description="Held-out rows with this label.")]


class Metrics(_Record):
    """Measured on rows the classifier was not fitted on, against the labels that labelling gave them."""

    rows: Annotated[int, Field(description="Held-out rows.")]
    accuracy: float
    log_loss: float
    coverage: Annotated[float, Field(description="Share of held-out rows whose label is in the prediction set.")]
    mean_set_size: float
    per_class: dict[Species, ClassMetrics]
    confusion_matrix: Annotated[list[list[int]], Field(description="Rows labels, columns answers, as in `classes`.")]
    onnx_rows_compared: Annotated[int, Field(description="Rows on which ONNX and scikit-learn were compared.")]
    onnx_max_difference: Annotated[float, Field(description="Largest difference of a probability among them.")]


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
    reason: Annotated[str | None, Field(description="Why it was or was not promoted.")] = None


def model_version(created_at: datetime, sha256: str) -> str:
    """Return a version that sorts by time and names its content, as in 20260131T120000Z-0a1b2c3d."""
    return f"{created_at:%Y%m%dT%H%M%SZ}-{sha256[:8]}"
