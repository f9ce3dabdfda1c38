"""Publishes a trained model to the registry, and promotes it if it is good enough beside the current model."""

import hashlib
from dataclasses import dataclass

import numpy as np

from menagerie.animal import CLASSES
from menagerie.classifier import OnnxClassifier
from menagerie.errors import Conflict, InvalidInput, ModelRejected, NotFound, UnreadablePointer
from menagerie.job import PromotionRule
from menagerie.manifest import ROWS_FILE, ModelManifest, Pointer, later_version
from menagerie.ports.registry import ModelRegistry
from training.pipeline import HeldOut, TrainedModel
from training.rows import HELD_OUT, UNKNOWN, LabelledRows

ACCURACY_MARGIN = 0.002
"""A challenger's accuracy may be this much below the champion's: a smaller difference is chance on few hundred rows."""
ENOUGH_FRESH_ROWS = 30
"""With fewer rows that neither model was fitted to, both are compared on all held-out rows; the reason says so."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A stored model, whether it is now current, and the reason in one line."""

    manifest: ModelManifest
    promoted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to promote a model, and the reason in one line."""

    promote: bool
    reason: str


def publish(trained: TrainedModel, registry: ModelRegistry, rule: PromotionRule) -> Publication:
    """Store the model with the reason of the decision in its manifest, and make it current if it is promoted.

    Idempotent: a job that runs twice stores one version. The version sorts after all others in the registry, whatever
    their clocks were. Raises Conflict if the current model changed in the meantime, Unavailable.
    """
    champion: OnnxClassifier | None
    try:
        pointer = registry.current()
    except UnreadablePointer as error:
        pointer, champion, absent = error.pointer, None, f"the current model counts as absent: {error}"
    else:
        champion, absent = _champion(registry, pointer)
    champions_rows = _rows(registry, champion.version) if champion and rule != "never" else None
    decision = decide(trained, champion, rule, champions_rows)
    reason = f"{decision.reason} ({absent})" if absent else decision.reason
    rows = trained.rows.to_csv_gz()
    stored_rows = {"rows_file": ROWS_FILE, "rows_sha256": hashlib.sha256(rows).hexdigest()}
    training = trained.manifest.training.model_copy(update=stored_rows)
    version = _version(trained.manifest, registry)
    manifest = trained.manifest.model_copy(update={"version": version, "reason": reason, "training": training})
    try:
        registry.publish(manifest, trained.onnx, rows)
    except Conflict:
        stored = registry.manifest(manifest.version)
        if stored.sha256 != manifest.sha256:
            raise
        manifest = stored
    if decision.promote and not (pointer and pointer.version == manifest.version):
        registry.promote(manifest.version, expected=pointer)
    return Publication(manifest, decision.promote, reason)


def decide(
    challenger: TrainedModel,
    champion: OnnxClassifier | None,
    rule: PromotionRule,
    champions_rows: LabelledRows | None = None,
) -> Decision:
    """Compare both on the challenger's held-out rows, without those that the champion was fitted to.

    `champions_rows` are the rows of the champion's training, if known. The challenger is promoted if its accuracy is at
    most ACCURACY_MARGIN lower; if it confuses more species with each other, the worst error, only if it is higher.
    """
    if rule == "never":
        return Decision(False, "not promoted: the rule is never to promote")
    if champion is None:
        return Decision(True, "promoted: there is no current model to compare with")
    held_out, which = _fresh(challenger.held_out, champions_rows)
    new = _score(OnnxClassifier.load(challenger.onnx, challenger.manifest), held_out)
    old = _score(champion, held_out)
    confuses_more = new.confusions > old.confusions and new.accuracy <= old.accuracy
    worse = new.accuracy < old.accuracy - ACCURACY_MARGIN or confuses_more
    compared = (
        f"on {len(held_out.labels)} held-out rows{which} accuracy {new.accuracy:.5f} against {old.accuracy:.5f} of "
        f"{champion.version}, species confused {new.confusions} against {old.confusions}; "
        f"accepted are {ACCURACY_MARGIN} less accuracy, and more confusion only for more accuracy"
    )
    if rule == "always":
        return Decision(True, f"promoted: the rule is always to promote; {compared}")
    return Decision(not worse, f"{'not promoted' if worse else 'promoted'}: {compared}")


def _version(manifest: ModelManifest, registry: ModelRegistry) -> str:
    """Return the version to publish under: the one that has this model already, or one that sorts after all others."""
    stored = registry.manifests()
    key = (manifest.created_at, manifest.sha256)
    same = (other.version for other in stored if (other.created_at, other.sha256) == key)
    return next(same, None) or later_version(*key, [other.version for other in stored])


def _champion(registry: ModelRegistry, pointer: Pointer | None) -> tuple[OnnxClassifier | None, str]:
    """Return the current model, or None with the reason why it counts as absent."""
    if pointer is None:
        return None, ""
    try:
        manifest = registry.manifest(pointer.version)
        return OnnxClassifier.load(registry.model(pointer.version), manifest), ""
    except (NotFound, ModelRejected) as error:
        return None, f"the current model counts as absent: {error}"


def _rows(registry: ModelRegistry, version: str) -> LabelledRows | None:
    """Return the rows of a model's training, or None if they are not stored."""
    try:
        return LabelledRows.from_csv_gz(registry.rows(version))
    except (NotFound, InvalidInput):
        return None


def _fresh(held_out: HeldOut, champions: LabelledRows | None) -> tuple[HeldOut, str]:
    """Return the held-out rows that the champion was not fitted to, and a description of them for the reason."""
    if champions is None:
        return held_out, ""
    learned = {row.tobytes() for row in champions.matrix[champions.folds != HELD_OUT]}
    is_fresh = np.array([row.tobytes() not in learned for row in held_out.rows])
    if is_fresh.sum() < ENOUGH_FRESH_ROWS:
        return held_out, f" ({(~is_fresh).sum()} of which the current model learned from)"
    return HeldOut(held_out.rows[is_fresh], held_out.labels[is_fresh]), " that neither learned from"


@dataclass(frozen=True, slots=True)
class _Score:
    accuracy: float
    confusions: int


def _score(classifier: OnnxClassifier, held_out: HeldOut) -> _Score:
    answers = np.array([CLASSES.index(species) for species in classifier.classify(held_out.rows).species])
    wrong = answers != held_out.labels
    confused = wrong & (answers != UNKNOWN) & (held_out.labels != UNKNOWN)
    return _Score(1 - float(wrong.mean()), int(confused.sum()))
