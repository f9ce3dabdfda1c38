"""The training pipeline as a graph of steps: rows, labels, folds, classifier, ONNX, metrics, manifest."""

import hashlib
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, DISCRETE_COLUMNS
from menagerie.errors import InvalidInput
from menagerie.job import Stage
from menagerie.manifest import ModelManifest, TrainingSource, model_version
from training.rows import (
    CALIBRATION,
    HELD_OUT,
    UNKNOWN,
    AnimalRows,
    LabelledRows,
    Labels,
    Origin,
    in_canonical_order,
    split_folds,
)

ProgressCallback = Callable[[Stage, float], None]
"""Called at the start of each stage, and during long ones, with the share of the whole that is done, 0 to 1."""

FETCHED = 0.4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows that the classifier was not fitted to."""

    rows: NDArray[np.float32]
    """Shape (n, features), columns as in `FEATURES`."""
    labels: Labels
    """Shape (n,), index in `CLASSES`."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that passed every check but has not been published."""

    onnx: bytes
    manifest: ModelManifest
    held_out: HeldOut
    rows: LabelledRows
    """All rows of the training."""


def ignore_progress(_stage: Stage, _progress: float) -> None:
    """Do nothing."""


def train(
    rows: AnimalRows,
    *,
    source: Origin,
    random_seed: int = 0,
    parent: str | None = None,
    created_at: datetime,
    report: ProgressCallback = ignore_progress,
) -> TrainedModel:
    """Label the rows, split them into folds, and return a checked model.

    The same rows in any order and the same seed give the same model. Raises InvalidInput if no row is valid,
    TrainingFailed if the species cannot be told apart or a check fails.
    """
    report(Stage.VALIDATING, FETCHED)
    if not len(rows.matrix):
        first = f"; {rows.refusals[0]}" if rows.refusals else ""
        raise InvalidInput(f"none of {rows.received} rows is a valid animal{first}")
    matrix = in_canonical_order(rows.matrix)

    report(Stage.LABELLING, 0.45)
    # Imported late, as in `train_labelled`: scikit-learn takes a second, which a rejected dataset need not wait for.
    from training.labelling.label import label

    labels = label(matrix)
    return train_labelled(
        LabelledRows.without_feedback(matrix, labels, split_folds(matrix, labels, random_seed)),
        source=source,
        received=rows.received,
        refused=rows.refused,
        random_seed=random_seed,
        parent=parent,
        created_at=created_at,
        report=report,
    )


def train_labelled(
    rows: LabelledRows,
    *,
    source: Origin,
    received: int,
    refused: int = 0,
    random_seed: int = 0,
    parent: str | None = None,
    created_at: datetime,
    report: ProgressCallback = ignore_progress,
) -> TrainedModel:
    """Return a checked model for labelled rows; raise TrainingFailed if a check fails.

    `received` and `refused` are counts of the source's rows, for the manifest.
    """
    report(Stage.FITTING, 0.65)
    from menagerie.classifier import OnnxSession
    from training.evaluation import calibrate, choose_canaries, evaluate
    from training.labelling.zoology import check_zoology
    from training.model.flat_top import FlatTopNaiveBayes
    from training.model.onnx_export import check_parity, export

    matrix, labels, fold = rows.matrix, rows.labels, rows.folds
    held_out = HeldOut(matrix[fold == HELD_OUT], labels[fold == HELD_OUT])
    is_fitted = (fold != HELD_OUT) & (fold != CALIBRATION)
    classifier = FlatTopNaiveBayes(counts=DISCRETE_COLUMNS, background=UNKNOWN).fit(
        matrix[is_fitted], labels[is_fitted]
    )
    onnx = export(classifier)
    session = OnnxSession(onnx)

    report(Stage.EVALUATING, 0.75)
    parity = check_parity(session, classifier, matrix, random_seed)
    thresholds = calibrate(session.probabilities(matrix[fold == CALIBRATION]), labels[fold == CALIBRATION])
    probabilities = session.probabilities(held_out.rows)
    metrics = evaluate(probabilities, held_out.labels, thresholds, parity)

    report(Stage.EXPORTING, 0.9)
    digest = hashlib.sha256(onnx).hexdigest()
    created_at = created_at.astimezone(UTC)
    manifest = ModelManifest(
        version=model_version(created_at, digest),
        parent=parent,
        created_at=created_at,
        sha256=digest,
        size=len(onnx),
        algorithm=repr(classifier),
        random_seed=random_seed,
        thresholds=thresholds,
        metrics=metrics,
        training=TrainingSource(
            kind=source.kind,
            url=source.url,
            seed=source.seed,
            key=source.key,
            rows=received,
            rows_refused=refused,
            share_refused=refused / received,
            feedback_rows=int((rows.prediction_ids != "").sum()),
            rows_by_label={species: int((labels == index).sum()) for index, species in enumerate(CLASSES)},
        ),
        libraries=library_versions(),
        canaries=choose_canaries(held_out.rows, probabilities, held_out.labels),
        zoology=check_zoology(session.probabilities, held_out.rows),
    )
    return TrainedModel(onnx, manifest, held_out, rows)


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of each library that affects a model's bytes."""
    # Not importlib.metadata: the Lambda package may contain the code without its dist-info.
    import onnx
    import onnxruntime
    import skl2onnx
    import sklearn

    modules = {"numpy": np, "scikit-learn": sklearn, "skl2onnx": skl2onnx, "onnx": onnx, "onnxruntime": onnxruntime}
    return {"python": platform.python_version(), **{name: module.__version__ for name, module in modules.items()}}
