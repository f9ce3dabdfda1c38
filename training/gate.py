"""Decides whether a challenger takes the champion's place."""

from dataclasses import dataclass

import numpy as np

from menagerie.animal import CLASSES
from menagerie.classifier import OnnxClassifier
from menagerie.job import PromotionRule
from training.labelling.label import UNKNOWN
from training.pipeline import HeldOut, TrainedModel
from training.rows.labelled_rows import LabelledRows
from training.rows.splitting import HELD_OUT

ACCURACY_MARGIN = 0.002
"""By how much a challenger's accuracy may be below the champion's: less than that is chance on a few hundred rows."""
ENOUGH_FRESH_ROWS = 30
"""With fewer rows that neither learned from, both are compared on all held-out rows, and the reason says so."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to promote, and why, in one line."""

    promote: bool
    reason: str


def decide(
    challenger: TrainedModel,
    champion: OnnxClassifier | None,
    rule: PromotionRule,
    champions_rows: LabelledRows | None = None,
) -> Decision:
    """Compare both on the challenger's held-out rows, without those that the champion learned from.

    `champions_rows` are the rows that the champion was made from, where they are known.

    Promoted if its accuracy is not below the champion's by more than ACCURACY_MARGIN; and if it gives more animals
    another species' name, the worst of mistakes, only for a higher accuracy.
    """
    if rule == "never":
        return Decision(False, "not promoted: the rule is never to promote")
    if champion is None:
        return Decision(True, "promoted: there is no current model to compare with")
    held_out, which = _fresh(challenger.held_out, champions_rows)
    new = _result(OnnxClassifier.load(challenger.onnx, challenger.manifest), held_out)
    old = _result(champion, held_out)
    confuses_for_nothing = new.confusions > old.confusions and new.accuracy <= old.accuracy
    worse = new.accuracy < old.accuracy - ACCURACY_MARGIN or confuses_for_nothing
    compared = (
        f"on {len(held_out.labels)} held-out rows{which} accuracy {new.accuracy:.5f} against {old.accuracy:.5f} of "
        f"{champion.version}, species confused {new.confusions} against {old.confusions}; "
        f"accepted are {ACCURACY_MARGIN} less accuracy, and more confusion only for more accuracy"
    )
    if rule == "always":
        return Decision(True, f"promoted: the rule is always to promote; {compared}")
    return Decision(not worse, f"{'not promoted' if worse else 'promoted'}: {compared}")


def _fresh(held_out: HeldOut, champions: LabelledRows | None) -> tuple[HeldOut, str]:
    """Return the held-out rows that the champion did not learn from, and words that say which they are."""
    if champions is None:
        return held_out, ""
    learned = {row.tobytes() for row in champions.matrix[champions.folds != HELD_OUT]}
    is_fresh = np.array([row.tobytes() not in learned for row in held_out.rows])
    if is_fresh.sum() < ENOUGH_FRESH_ROWS:
        return held_out, f" ({(~is_fresh).sum()} of which the current model learned from)"
    return HeldOut(held_out.rows[is_fresh], held_out.labels[is_fresh]), " that neither learned from"


@dataclass(frozen=True, slots=True)
class _Result:
    accuracy: float
    confusions: int


def _result(classifier: OnnxClassifier, held_out: HeldOut) -> _Result:
    answers = np.array([CLASSES.index(species) for species in classifier.classify(held_out.rows).species])
    wrong = answers != held_out.labels
    confused = wrong & (answers != UNKNOWN) & (held_out.labels != UNKNOWN)
    return _Result(1 - float(wrong.mean()), int(confused.sum()))
