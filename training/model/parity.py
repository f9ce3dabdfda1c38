"""Compares the ONNX file with the scikit-learn classifier it was made from, on ordinary rows and on the borders."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import DISCRETE_COLUMNS, FEATURE_DETAILS, MEASURE_COLUMNS
from menagerie.classifier import CANARY_TOLERANCE
from menagerie.errors import TrainingFailed
from training.model.naive_bayes import PlateauNaiveBayes
from training.model.onnx_session import OnnxSession

ROWS_OF_EACH_KIND = 5_000
BORDERS_IN_SHOULDERS = np.arange(8.0)
LARGEST_ALLOWED = np.array([feature.maximum for feature in FEATURE_DETAILS], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Parity:
    """On how many rows the two were compared, and the largest difference of a probability."""

    rows: int
    max_difference: float


def check(session: OnnxSession, classifier: PlateauNaiveBayes, rows: NDArray[np.float32], random_seed: int) -> Parity:
    """Compare both on up to 20,000 rows made from `rows`, shape (n, d); raise TrainingFailed if they disagree."""
    compared = comparison_rows(classifier, rows, random_seed)
    difference = float(np.abs(session.probabilities(compared) - classifier.predict_proba(compared)).max())
    if not difference <= CANARY_TOLERANCE:
        raise TrainingFailed(f"the ONNX model differs from the classifier by {difference:.2g} on {len(compared)} rows")
    return Parity(len(compared), difference)


def comparison_rows(classifier: PlateauNaiveBayes, rows: NDArray[np.float32], random_seed: int) -> NDArray[np.float32]:
    """Return rows to compare on: some of `rows`, some of them moved onto a border, and some from all over the range."""
    rng = np.random.default_rng(random_seed)
    taken = rows[rng.integers(len(rows), size=ROWS_OF_EACH_KIND)]
    largest = np.maximum(2 * rows.max(axis=0), 1)
    scattered = rng.uniform(0, largest, size=(ROWS_OF_EACH_KIND, rows.shape[1])).astype(np.float32)
    scattered[:, DISCRETE_COLUMNS] = np.rint(scattered[:, DISCRETE_COLUMNS])
    compared = np.concatenate(
        [rows[:: max(len(rows) // ROWS_OF_EACH_KIND, 1)], scattered, *_on_borders(classifier, taken, rng)]
    )
    allowed: NDArray[np.float32] = np.clip(compared, 0, LARGEST_ALLOWED)
    return allowed


def _on_borders(
    classifier: PlateauNaiveBayes, rows: NDArray[np.float32], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Move the measures of each row to an edge of its class or some shoulders beyond, and one float32 further."""
    component = np.searchsorted(classifier.component_class_, classifier.predict(rows))
    moved = rows.copy()
    for column in MEASURE_COLUMNS:
        beyond = rng.choice(BORDERS_IN_SHOULDERS, size=len(rows))
        with np.errstate(invalid="ignore"):  # a shoulder without end has no border
            below = classifier.lower_[component, column] - beyond * classifier.lower_shoulder_[component, column]
            above = classifier.upper_[component, column] + beyond * classifier.upper_shoulder_[component, column]
        edge = np.where(rng.random(len(rows)) < 0.5, below, above)
        keep = ~np.isfinite(edge) | (rng.random(len(rows)) < 0.3)
        moved[:, column] = np.where(keep, moved[:, column], edge)
    return [moved, np.nextafter(moved, np.float32(np.inf))]
