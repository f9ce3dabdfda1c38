"""Training from end to end: rows, labels, folds, classifier, ONNX, metrics, manifest. Every step shows its inputs."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, DISCRETE_COLUMNS
from menagerie.errors import InvalidInput
from menagerie.job import Stage
from menagerie.manifest import ModelManifest, TrainingSource, model_version
from training.evaluation.conformal import calibrate
from training.labelling.label import UNKNOWN, Labels, label
from training.rows.labelled_rows import LabelledRows
from training.rows.splitting import CALIBRATION, HELD_OUT, folds, in_canonical_order
from training.rows.validation import AnimalRows, Origin

Report = Callable[[Stage, float], None]
"""Told at the start of each stage, and now and then within it, how much of the whole is done, 0 to 1."""

FETCHED = 0.4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows that the classifier was not fitted on."""

    rows: NDArray[np.float32]
    """Shape (n, 5), columns as in `FEATURES`."""
    labels: Labels
    """Shape (n,), index in `CLASSES`."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that passed every check but has not been published."""

    onnx: bytes
    manifest: ModelManifest
    held_out: HeldOut
    rows: LabelledRows
    """All rows that it was made from."""


def silent(_stage: Stage, _progress: float) -> None:
    """Report to nobody."""


def train(
    rows: AnimalRows,
    *,
    source: Origin,
    random_seed: int = 0,
    parent: str | None = None,
    created_at: datetime,
    report: Report = silent,
) -> TrainedModel:
    """Return a checked model for the rows; the same rows in any order and the same seed give the same model.

    Raises InvalidInput if no row is valid, TrainingFailed if the species cannot be told apart or a check fails.
    """
    report(Stage.VALIDATING, FETCHED)
    if not len(rows.matrix):
        first = f"; {rows.refusals[0]}" if rows.refusals else ""
        raise InvalidInput(f"none of {rows.received} rows is a valid animal{first}")
    matrix = in_canonical_order(rows.matrix)

    report(Stage.LABELLING, 0.45)
    labels = label(matrix)
    return make(
        LabelledRows.unlabelled_by_people(matrix, labels, folds(matrix, labels, random_seed)),
        source=source,
        received=rows.received,
        refused=rows.refused,
        random_seed=random_seed,
        parent=parent,
        created_at=created_at,
        report=report,
    )


def make(
    rows: LabelledRows,
    *,
    source: Origin,
    received: int,
    refused: int = 0,
    random_seed: int = 0,
    parent: str | None = None,
    created_at: datetime,
    report: Report = silent,
) -> TrainedModel:
    """Return a checked model for labelled rows; raise TrainingFailed if a check fails.

    `received` and `refused` count the rows that came, for the manifest.
    """
    report(Stage.FITTING, 0.65)
    # Imported late: scikit-learn, skl2onnx and onnxruntime take seconds, and most of the command line needs none.
    from training.evaluation import canaries, zoology_checks
    from training.evaluation.metrics import evaluate
    from training.libraries import library_versions
    from training.model import onnx_export, parity
    from training.model.naive_bayes import PlateauNaiveBayes
    from training.model.onnx_session import OnnxSession

    matrix, labels, fold = rows.matrix, rows.labels, rows.folds
    held_out = HeldOut(matrix[fold == HELD_OUT], labels[fold == HELD_OUT])
    is_fitted = (fold != HELD_OUT) & (fold != CALIBRATION)
    classifier = PlateauNaiveBayes(counts=DISCRETE_COLUMNS, background=UNKNOWN).fit(
        matrix[is_fitted], labels[is_fitted]
    )
    onnx = onnx_export.export(classifier)
    session = OnnxSession(onnx)

    report(Stage.EVALUATING, 0.75)
    agreement = parity.check(session, classifier, matrix, random_seed)
    thresholds = calibrate(session.probabilities(matrix[fold == CALIBRATION]), labels[fold == CALIBRATION])
    probabilities = session.probabilities(held_out.rows)
    metrics = evaluate(probabilities, held_out.labels, thresholds, agreement)

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
        canaries=canaries.pick(held_out.rows, probabilities, held_out.labels),
        zoology=zoology_checks.check(session.probabilities, held_out.rows),
    )
    return TrainedModel(onnx, manifest, held_out, rows)
