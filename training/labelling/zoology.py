"""The zoology that training may use, body plans and comparisons without measurements, and checks of a model by it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, FEATURE_DETAILS, FEATURES, Species
from menagerie.manifest import ZoologyCheck

Rows = NDArray[np.float32]

BODY_FEATURES = ("walks_on_n_legs", "has_wings", "has_tail")
BODY_COLUMNS = [FEATURES.index(name) for name in BODY_FEATURES]
SIZE_COLUMNS = [FEATURES.index(name) for name in ("height", "weight")]
"""Columns that labelling finds groups in; the last one orders the species of a body plan."""


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """The countable features of an animal, with the species that have them from the lightest to the heaviest."""

    legs: int
    wings: bool
    tail: bool
    species: tuple[Species, ...]

    def __str__(self) -> str:
        """Describe the plan, as in: two-legged, wingless, with a tail."""
        legs = {2: "two-legged", 4: "four-legged"}.get(self.legs, f"{self.legs}-legged")
        return f"{legs}, {'winged' if self.wings else 'wingless'}, {'with a tail' if self.tail else 'tailless'}"

    def matches(self, rows: Rows) -> NDArray[np.bool_]:
        """Return whether each row has this plan, shape (n,), for feature rows of shape (n, features)."""
        result: NDArray[np.bool_] = (rows[:, BODY_COLUMNS] == (self.legs, self.wings, self.tail)).all(axis=1)
        return result


# All four have a tail and only the bird has wings. Dog and elephant both walk on four legs, and no dog is
# heavier than an elephant.
BODY_PLANS: tuple[BodyPlan, ...] = (
    BodyPlan(legs=2, wings=False, tail=True, species=(Species.KANGAROO,)),
    BodyPlan(legs=2, wings=True, tail=True, species=(Species.CHICKEN,)),
    BodyPlan(legs=4, wings=False, tail=True, species=(Species.DOG, Species.ELEPHANT)),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The larger of two species in general; not used for labelling, only to check the finished model."""

    feature: Literal["height", "weight"]
    more: Species
    less: Species

    def __str__(self) -> str:
        """State the comparison, as in: the elephant is heavier than the dog."""
        return f"the {self.more} is {'heavier' if self.feature == 'weight' else 'taller'} than the {self.less}"


# The elephant is the heaviest of the four, the chicken the lightest; a kangaroo is upright.
SIZES: tuple[Comparison, ...] = (
    Comparison("weight", Species.ELEPHANT, Species.KANGAROO),
    Comparison("weight", Species.ELEPHANT, Species.DOG),
    Comparison("weight", Species.KANGAROO, Species.CHICKEN),
    Comparison("weight", Species.DOG, Species.CHICKEN),
    Comparison("height", Species.ELEPHANT, Species.DOG),
    Comparison("height", Species.KANGAROO, Species.CHICKEN),
)


def check_zoology(probabilities: Callable[[Rows], Rows], rows: Rows) -> tuple[ZoologyCheck, ...]:
    """Return statements of zoology and whether the answers to rows of shape (n, features) agree; for information only.

    `probabilities` is the model: rows of shape (m, features) to probabilities of shape (m, classes).
    """
    answers = probabilities(rows).argmax(axis=1)
    plans = {species: plan for plan in BODY_PLANS for species in plan.species}
    answered = {species: rows[answers == CLASSES.index(species)] for species in plans}
    missing = [species for species in plans if not len(answered[species])]
    if missing:
        seen = f"no held-out row was answered {' or '.join(missing)}"
        return (ZoologyCheck(statement="all species occur among the answers", holds=False, seen=seen),)
    return (
        *(_has_plan(species, plan, answered[species]) for species, plan in plans.items()),
        *(_compare_medians(comparison, answered) for comparison in SIZES),
        *(_is_unlike_others(species, plan, answered[species], probabilities) for species, plan in plans.items()),
    )


def _has_plan(species: Species, plan: BodyPlan, rows: Rows) -> ZoologyCheck:
    fits = plan.matches(rows)
    seen = f"{fits.sum()} of {len(rows)} rows answered {species} are"
    return ZoologyCheck(statement=f"the {species} is {plan}", holds=bool(fits.all()), seen=seen)


def _compare_medians(comparison: Comparison, answered: dict[Species, Rows]) -> ZoologyCheck:
    column = FEATURES.index(comparison.feature)
    more, less = (float(np.median(answered[species][:, column])) for species in (comparison.more, comparison.less))
    unit = FEATURE_DETAILS[column].unit
    return ZoologyCheck(
        statement=str(comparison), holds=more > less, seen=f"medians {more:,.2f} {unit} and {less:,.2f} {unit}"
    )


def _is_unlike_others(
    species: Species, plan: BodyPlan, rows: Rows, probabilities: Callable[[Rows], Rows]
) -> ZoologyCheck:
    """Check that an animal of median size with one feature of its body plan changed is unknown."""
    own = np.median(rows, axis=0)
    own[BODY_COLUMNS] = plan.legs, plan.wings, plan.tail
    other = {"legs": plan.legs + 1, "wings": not plan.wings, "tail": not plan.tail}
    variants = np.tile(own, (1 + len(other), 1)).astype(np.float32)
    for row, (column, value) in enumerate(zip(BODY_COLUMNS, other.values(), strict=True), start=1):
        variants[row, column] = value
    names = [CLASSES[answer].value for answer in probabilities(variants).argmax(axis=1).tolist()]
    seen = ", ".join(f"other {feature}: {name}" for feature, name in zip(other, names[1:], strict=True))
    return ZoologyCheck(
        statement=f"the {species} of median size is recognised, and with other legs, wings or tail it is unknown",
        holds=names == [species, *[Species.UNKNOWN] * len(other)],
        seen=f"unchanged: {names[0]}, {seen}",
    )
