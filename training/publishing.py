"""Puts a trained model into the registry and, if it passes the gate, makes it current."""

import hashlib
from dataclasses import dataclass

from menagerie.classifier import OnnxClassifier
from menagerie.errors import Conflict, InvalidInput, ModelRejected, NotFound, UnreadablePointer
from menagerie.job import PromotionRule
from menagerie.manifest import ROWS_FILE, ModelManifest, later_version
from menagerie.registry import ModelRegistry, Pointer
from training.gate import decide
from training.pipeline import TrainedModel
from training.rows.labelled_rows import LabelledRows


@dataclass(frozen=True, slots=True)
class Publication:
    """What was stored, and whether it is current now."""

    manifest: ModelManifest
    promoted: bool
    reason: str


def publish(trained: TrainedModel, registry: ModelRegistry, rule: PromotionRule) -> Publication:
    """Store the model with the reason of the decision in its manifest, then move the pointer if it was promoted.

    A job that runs twice stores the same version twice; the second time counts as done. Its version sorts behind all
    others in the registry, whatever their clocks said. Raises Conflict if the pointer moved in between, Unavailable.
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
    kept = {"rows_file": ROWS_FILE, "rows_sha256": hashlib.sha256(rows).hexdigest()}
    training = trained.manifest.training.model_copy(update=kept)
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


def _version(manifest: ModelManifest, registry: ModelRegistry) -> str:
    """Return the version to publish under: an earlier one of the same model, or one that sorts behind all others."""
    stored = registry.manifests()
    made = (manifest.created_at, manifest.sha256)
    again = (other.version for other in stored if (other.created_at, other.sha256) == made)
    return next(again, None) or later_version(*made, [other.version for other in stored])


def _champion(registry: ModelRegistry, pointer: Pointer | None) -> tuple[OnnxClassifier | None, str]:
    """Return the current model, or None and why it counts as absent."""
    if pointer is None:
        return None, ""
    try:
        manifest = registry.manifest(pointer.version)
        return OnnxClassifier.load(registry.model(pointer.version), manifest), ""
    except (NotFound, ModelRejected) as error:
        return None, f"the current model counts as absent: {error}"


def _rows(registry: ModelRegistry, version: str) -> LabelledRows | None:
    """Return the rows that a model was made from, or None where they were not kept."""
    try:
        return LabelledRows.from_csv_gz(registry.rows(version))
    except (NotFound, InvalidInput):
        return None
