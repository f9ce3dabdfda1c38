"""Holds a model's answers against plain zoology; what it finds is told, and decides nothing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, FEATURES, Species
from menagerie.manifest import ZoologyCheck
from training.labelling.zoology import BODY_PLANS, SIZES, BodyPlan, Comparison

Rows = NDArray[np.float32]
UNITS = {"height": "m", "weight": "kg"}


def check(probabilities: Callable[[Rows], Rows], rows: Rows) -> tuple[ZoologyCheck, ...]:
    """Return what zoology says and whether the answers to rows of shape (n, 5) agree.

    `probabilities` is the model: rows of shape (m, 5) in, shape (m, 5) out, columns as in `CLASSES`.
    """
    answers = probabilities(rows).argmax(axis=1)
    plans = {species: plan for plan in BODY_PLANS for species in plan.species}
    answered = {species: rows[answers == CLASSES.index(species)] for species in plans}
    missing = [species for species in plans if not len(answered[species])]
    if missing:
        seen = f"no held-out row was answered {' or '.join(missing)}"
        return (ZoologyCheck(statement="all four species occur among the answers", holds=False, seen=seen),)
    return (
        *(_has_plan(species, plan, answered[species]) for species, plan in plans.items()),
        *(_compares(each, answered) for each in SIZES),
        *(_is_unlike_others(species, plan, answered[species], probabilities) for species, plan in plans.items()),
    )


def _has_plan(species: Species, plan: BodyPlan, rows: Rows) -> ZoologyCheck:
    fits = (rows[:, [0, 3, 4]] == (plan.legs, plan.wings, plan.tail)).all(axis=1)
    seen = f"{fits.sum()} of {len(rows)} rows answered {species} are"
    return ZoologyCheck(statement=f"the {species} is {plan}", holds=bool(fits.all()), seen=seen)


def _compares(comparison: Comparison, answered: dict[Species, Rows]) -> ZoologyCheck:
    column = FEATURES.index(comparison.feature)
    more, less = (float(np.median(answered[each][:, column])) for each in (comparison.more, comparison.less))
    unit = UNITS[comparison.feature]
    return ZoologyCheck(
        statement=str(comparison), holds=more > less, seen=f"medians {more:,.2f} {unit} and {less:,.2f} {unit}"
    )


def _is_unlike_others(
    species: Species, plan: BodyPlan, rows: Rows, probabilities: Callable[[Rows], Rows]
) -> ZoologyCheck:
    """Change one thing of the animal in the middle: it is no species any more."""
    _, height, weight, _, _ = np.median(rows, axis=0).tolist()
    changed = {
        "legs": (plan.legs + 1, height, weight, plan.wings, plan.tail),
        "wings": (plan.legs, height, weight, not plan.wings, plan.tail),
        "tail": (plan.legs, height, weight, plan.wings, not plan.tail),
    }
    own = (plan.legs, height, weight, plan.wings, plan.tail)
    answers = probabilities(np.array([own, *changed.values()], dtype=np.float32)).argmax(axis=1).tolist()
    names = [CLASSES[answer].value for answer in answers]
    told = ", ".join(f"other {what}: {name}" for what, name in zip(changed, names[1:], strict=True))
    return ZoologyCheck(
        statement=f"the {species} of the middle size is one, and with other legs, wings or tail it is unknown",
        holds=names == [species, *[Species.UNKNOWN] * len(changed)],
        seen=f"as it is: {names[0]}, {told}",
    )
