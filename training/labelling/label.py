"""Gives unlabelled rows their species: by body plan, then by density, with nothing known of the ranges.

Rows of one body plan that crowd together in height and weight are its species; rows spread thin, and rows of any other
plan, are `unknown`. How thin is thin is read off the plans that belong to no species: what is there is background.
"""

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, Species
from menagerie.errors import TrainingFailed
from training.labelling.grouping import DEEP_VALLEY, SMALLEST_GROUP, Grouping, find_one, find_two
from training.labelling.rounding import spread_ties
from training.labelling.zoology import BODY_PLANS, BodyPlan
from training.model.background import Background
from training.model.plateau import Floats

UNKNOWN = CLASSES.index(Species.UNKNOWN)
# Two groups where zoology knows one species, and the smaller this large beside the other: which is meant is a guess.
RIVAL = 0.25
# With fewer rows a species that grows looks cut in two now and then.
RIVAL_ROWS = 30
Labels = NDArray[np.int64]


def label(rows: NDArray[np.float32]) -> Labels:
    """Return the index in `CLASSES` of each row's species, shape (n,), for feature rows of shape (n, 5).

    Raises TrainingFailed, saying what was seen, when the four species cannot be told apart.
    """
    labels = np.full(len(rows), UNKNOWN, dtype=np.int64)
    size = rows[:, 1:3].astype(np.float64)
    members = [_members(rows, plan) for plan in BODY_PLANS]
    log_background = _log_background(rows, size, np.any(members, axis=0))
    problems = []
    for plan, of_plan in zip(BODY_PLANS, members, strict=True):
        places = np.flatnonzero(of_plan)
        unrounded = np.column_stack([spread_ties(column) for column in size[places].T])
        try:
            group = _group(plan, unrounded, log_background[places])
        except TrainingFailed as problem:
            problems.append(str(problem))
        else:
            for number, species in enumerate(plan.species):
                labels[places[group == number]] = CLASSES.index(species)
    if problems:
        raise TrainingFailed(f"four species cannot be told apart in {len(rows)} valid rows: {'; '.join(problems)}")
    return labels


def _members(rows: NDArray[np.float32], plan: BodyPlan) -> NDArray[np.bool_]:
    matches: NDArray[np.bool_] = (rows[:, [0, 3, 4]] == (plan.legs, plan.wings, plan.tail)).all(axis=1)
    return matches


def _log_background(rows: NDArray[np.float32], size: Floats, of_a_plan: NDArray[np.bool_]) -> Floats:
    """Estimate at each row the logarithm of how many background rows one body plan has per metre and kilogram."""
    if not len(rows):
        return np.empty(0)
    others = ~of_a_plan
    _, counts = np.unique(rows[others][:, [0, 3, 4]] @ (4, 2, 1), return_counts=True)
    # One more than seen: that a body plan without species shows no rows does not make outliers impossible.
    expected = 1.0 + (float(np.median(counts)) if len(counts) else 0.0)
    return Background.fit(size[others], size).log_density(size) + float(np.log(expected))


def _group(plan: BodyPlan, size: Floats, log_background: Floats) -> NDArray[np.intp]:
    """Return for rows of one plan the place of their species in it, or BACKGROUND; raise TrainingFailed."""
    names = " and ".join(plan.species)
    needed = SMALLEST_GROUP * len(plan.species)
    if len(size) < needed:
        raise TrainingFailed(f"{len(size)} rows are {plan}, {names} would take at least {needed}")
    one = find_one(size, log_background)
    if len(plan.species) == 2:
        two = find_two(size, log_background)
        if two is None:
            seen = "no dense group" if one is None else f"one group of {one.size(0)} around {_weight(size, one, 0)}"
            raise TrainingFailed(f"the {len(size)} rows that are {plan} show {seen}, {names} would be one each")
        return two.group
    if one is None:
        raise TrainingFailed(f"the {len(size)} rows that are {plan} show no dense group, {names} would be one")
    # To call a species two takes more than to find two species.
    two = find_two(size, log_background, DEEP_VALLEY)
    sizes = sorted((two.size(0), two.size(1))) if two else [0, 0]
    if two and sizes[0] >= max(RIVAL_ROWS, RIVAL * sizes[1]):
        raise TrainingFailed(
            f"the {len(size)} rows that are {plan} form two groups, around {_weight(size, two, 0)} and "
            f"{_weight(size, two, 1)}, and only {names} should look like that"
        )
    return one.group


def _weight(size: Floats, grouping: Grouping, number: int) -> str:
    return f"{np.median(size[grouping.group == number, 1]):.3g} kg"
