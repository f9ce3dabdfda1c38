"""Labels unlabelled rows with their species: by body plan, then by density, without known ranges.

Rows of one body plan that are dense in height and weight are its species. Rows in sparse regions, and rows of any other
plan, are `unknown`. The density of the background is estimated from the plans that belong to no species.

Groups are found by classification expectation-maximisation (Celeux & Govaert, "A classification EM algorithm for
clustering and two stochastic versions", Computational Statistics & Data Analysis 14, 1992) over flat-top densities with
a background of outliers (Banfield & Raftery, "Model-based Gaussian and non-Gaussian clustering", Biometrics 49, 1993).
Time grows linearly with the rows: initial groups are tried on a sample of fixed size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, FEATURE_DETAILS
from menagerie.errors import TrainingFailed
from training.labelling.zoology import BODY_COLUMNS, BODY_PLANS, SIZE_COLUMNS, BodyPlan
from training.model.flat_top import BackgroundDensity, FlatTopDensity, Floats
from training.rows import UNKNOWN, Labels

MIN_GROUP = 10
BACKGROUND = -1
# The second group of a plan with one species is an error from this share of the first group's rows on: it is ambiguous
# which group is the species.
RIVAL_SHARE = 0.25
# With fewer rows, a species with many young animals is sometimes split in two by chance.
RIVAL_ROWS = 30
# Log of the ratio of a group's density to that of the background, as a mean over its rows.
MIN_CONTRAST = float(np.log(3))
# Splitting one group in two by chance gains at most 1.1 in log-likelihood for each row of the smaller part, or 20 in
# all when that has very few. Dog and elephant gain at least 2.5 and 65.
GAIN_PER_ROW = 1.25
MIN_GAIN = 30.0
# Largest `valley_share` between two groups; between the halves of one group, of whatever shape, it is rarely so small.
MAX_VALLEY = 0.05
# For two groups of which zoology expects one only.
MAX_RIVAL_VALLEY = 0.01
VALLEY_WIDTH = 0.2
VALLEY_STEPS = 40

SAMPLE = 4_000
ROBUST_ROUNDS = 3
ROUNDS = 40
# Initial groups: shares of the rows on the lighter side of a trial split, and shares of a side's rows in its core, by
# weight and then by height.
SPLITS = (0.03, 0.06, 0.12, 0.25, 0.5, 0.75, 0.88, 0.94, 0.97)
CORES = ((0.6, 0.75), (0.85, 0.9))

GOLDEN_SECTION = (np.sqrt(5) - 1) / 2


def label(rows: NDArray[np.float32]) -> Labels:
    """Return the index in `CLASSES` of each row's species, shape (n,), for feature rows of shape (n, features).

    Raises TrainingFailed, with a description of the groups found, if the species cannot be told apart.
    """
    labels = np.full(len(rows), UNKNOWN, dtype=np.int64)
    size = rows[:, SIZE_COLUMNS].astype(np.float64)
    members = [plan.matches(rows) for plan in BODY_PLANS]
    log_background = _log_background(rows, size, np.any(members, axis=0))
    problems = []
    for plan, of_plan in zip(BODY_PLANS, members, strict=True):
        places = np.flatnonzero(of_plan)
        unrounded = np.column_stack([spread_ties(column) for column in size[places].T])
        try:
            group = _species_groups(plan, unrounded, log_background[places])
        except TrainingFailed as problem:
            problems.append(str(problem))
        else:
            for number, species in enumerate(plan.species):
                labels[places[group == number]] = CLASSES.index(species)
    if problems:
        raise TrainingFailed(f"the species cannot be told apart in {len(rows)} valid rows: {'; '.join(problems)}")
    return labels


def _log_background(rows: NDArray[np.float32], size: Floats, has_plan: NDArray[np.bool_]) -> Floats:
    """Estimate at each row the logarithm of the number of background rows of one body plan per metre and kilogram."""
    if not len(rows):
        return np.empty(0)
    others = ~has_plan
    _, counts = np.unique(rows[others][:, BODY_COLUMNS], axis=0, return_counts=True)
    # One more than the median count: no rows with a plan of no species does not mean that there are no outliers.
    expected = 1.0 + (float(np.median(counts)) if len(counts) else 0.0)
    return BackgroundDensity.fit(size[others], size).log_density(size) + float(np.log(expected))


def _species_groups(plan: BodyPlan, size: Floats, log_background: Floats) -> NDArray[np.intp]:
    """Return for each row of one plan the index of its species in the plan, or BACKGROUND; raise TrainingFailed."""
    names = " and ".join(plan.species)
    needed = MIN_GROUP * len(plan.species)
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
    # A stricter threshold than for two expected groups: one species must not be split.
    two = find_two(size, log_background, MAX_RIVAL_VALLEY)
    sizes = sorted((two.size(0), two.size(1))) if two else [0, 0]
    if two and sizes[0] >= max(RIVAL_ROWS, RIVAL_SHARE * sizes[1]):
        raise TrainingFailed(
            f"the {len(size)} rows that are {plan} form two groups, around {_weight(size, two, 0)} and "
            f"{_weight(size, two, 1)}, and only {names} should look like that"
        )
    return one.group


def _weight(size: Floats, grouping: "Grouping", number: int) -> str:
    return f"{np.median(size[grouping.group == number, -1]):.3g} {FEATURE_DETAILS[SIZE_COLUMNS[-1]].unit}"


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of n rows, with their log-likelihood."""

    group: NDArray[np.intp]
    """Shape (n,): number of the group, or BACKGROUND."""
    log_likelihood: float

    def size(self, number: int) -> int:
        """Return the number of rows in a group."""
        return int((self.group == number).sum())


def find_one(values: Floats, log_background: Floats) -> Grouping | None:
    """Find the densest group among (height, weight) rows of shape (n, 2), or None if all rows are background.

    `log_background`, shape (n,), is the logarithm of the expected background rows there per metre and kilogram.
    """
    if len(values) < MIN_GROUP:
        return None
    sample, chosen, share = _sample(values)
    best = _most_likely(sample, _single_starts(sample), log_background[chosen] + np.log(share))
    return best and _refit(values, chosen, best, 1, log_background)


def find_two(values: Floats, log_background: Floats, max_valley: float = MAX_VALLEY) -> Grouping | None:
    """Find a light group 0 and a heavy group 1 among (height, weight) rows of shape (n, 2), or None.

    None also if two groups explain the rows hardly better than one, or if their `valley_share` is above `max_valley`;
    `log_background` as in `find_one`.
    """
    if len(values) < 2 * MIN_GROUP:
        return None
    sample, chosen, share = _sample(values)
    background = log_background[chosen] + np.log(share)
    starts = []
    for split in SPLITS:
        light = sample[:, 1] <= np.quantile(sample[:, 1], split)
        if min(light.sum(), (~light).sum()) >= MIN_GROUP:
            starts += [[_core(sample, side, core) for side in (light, ~light)] for core in CORES]
    best = _most_likely(sample, starts, background)
    if best is None:
        return None
    one = _most_likely(sample, _single_starts(sample), background)
    gain = best.log_likelihood - (one.log_likelihood if one else float(background.sum()))
    if gain < max(MIN_GAIN, GAIN_PER_ROW * min(best.size(0), best.size(1))):
        return None
    if valley_share(sample[best.group == 0], sample[best.group == 1]) > max_valley:
        return None
    found = _refit(values, chosen, best, 2, log_background)
    return found and _lightest_first(found, values)


def _single_starts(sample: Floats) -> list[list[NDArray[np.bool_]]]:
    everything = np.ones(len(sample), dtype=bool)
    return [[_core(sample, everything, core)] for core in CORES]


def _most_likely(values: Floats, starts: list[list[NDArray[np.bool_]]], log_background: Floats) -> Grouping | None:
    found = [grouping for start in starts if (grouping := _fit_groups(values, start, log_background))]
    return max(found, key=lambda grouping: grouping.log_likelihood, default=None)


def _refit(
    values: Floats, chosen: NDArray[np.intp], sampled: Grouping, groups: int, log_background: Floats
) -> Grouping | None:
    """Fit groups to all rows, starting from the groups of a sample."""
    start = [np.zeros(len(values), dtype=bool) for _ in range(groups)]
    for number, members in enumerate(start):
        members[chosen[sampled.group == number]] = True
    return _fit_groups(values, start, log_background)


def _fit_groups(values: Floats, start: list[NDArray[np.bool_]], log_background: Floats) -> Grouping | None:
    """Alternate between fitting densities to groups and assigning rows to the most likely group, until no row moves."""
    group = np.full(len(values), BACKGROUND, dtype=np.intp)
    for number, members in enumerate(start):
        group[members] = number
    score = np.empty((len(start) + 1, len(values)))
    score[BACKGROUND] = log_background
    for round_ in range(ROUNDS):
        for number in range(len(start)):
            members = values[group == number]
            if len(members) < MIN_GROUP:
                return None
            density = FlatTopDensity.fit(members, robust=round_ < ROBUST_ROUNDS)
            score[number] = np.log(len(members)) + density.log_density(values)
        before, group = group, score.argmax(axis=0)
        group[group == len(start)] = BACKGROUND
        if round_ > ROBUST_ROUNDS and np.array_equal(before, group):
            break
    if min((group == number).sum() for number in range(len(start))) < MIN_GROUP:
        return None
    contrast = min(float((score[n] - log_background)[group == n].mean()) for n in range(len(start)))
    if contrast < MIN_CONTRAST:
        return None
    return Grouping(group, float(score.max(axis=0).sum()))


def _core(values: Floats, side: NDArray[np.bool_], shares: tuple[float, float]) -> NDArray[np.bool_]:
    """Select the densest rows of one side: those in the shortest interval of weights, then of heights."""
    core = side.copy()
    for column, share in zip((1, 0), shares, strict=True):
        ordered = np.sort(values[core, column])
        width = max(int(share * len(ordered)) - 1, 1)
        first = int((ordered[width:] - ordered[:-width]).argmin())
        core &= (values[:, column] >= ordered[first]) & (values[:, column] <= ordered[first + width])
    return core


def _sample(values: Floats) -> tuple[Floats, NDArray[np.intp], float]:
    """Return rows at equal distances in the order of weight, their indices, and their share of all rows."""
    order = np.argsort(values[:, 1], kind="stable")
    if len(values) > SAMPLE:
        order = order[np.linspace(0, len(values) - 1, SAMPLE).astype(np.intp)]
    return values[order], order, len(order) / len(values)


def _lightest_first(grouping: Grouping, values: Floats) -> Grouping:
    light, heavy = (float(np.median(values[grouping.group == number, 1])) for number in (0, 1))
    if light <= heavy:
        return grouping
    swapped = np.where(grouping.group == BACKGROUND, BACKGROUND, 1 - grouping.group)
    return Grouping(swapped, grouping.log_likelihood)


def valley_share(light: Floats, heavy: Floats) -> float:
    """Return the share of rows in the emptiest fifth of the interval between two groups: 0 for a gap, 0.2 for none.

    Both groups, of shape (n, d), are projected on the direction that separates them best (Fisher, "The use of multiple
    measurements in taxonomic problems", Annals of Eugenics 7, 1936) and have equal weight. The interval is from median
    to median; shares are of the rows in it.
    """
    spread = np.cov(light.T) + np.cov(heavy.T)
    direction = np.linalg.lstsq(spread, np.median(heavy, axis=0) - np.median(light, axis=0), rcond=None)[0]
    near, far = light @ direction, heavy @ direction
    start, end = np.median(near), np.median(far)
    if not end > start:
        return 1.0
    place = (np.concatenate([near, far]) - start) / (end - start)
    weight = np.repeat([1 / len(near), 1 / len(far)], [len(near), len(far)])
    order = np.argsort(place, kind="stable")
    place, cumulative = place[order], np.append(0.0, weight[order].cumsum())
    windows = np.linspace(0, 1 - VALLEY_WIDTH, VALLEY_STEPS + 1)
    inside = cumulative[np.searchsorted(place, windows + VALLEY_WIDTH)] - cumulative[np.searchsorted(place, windows)]
    whole = cumulative[np.searchsorted(place, 1.0, side="right")] - cumulative[np.searchsorted(place, 0.0)]
    return float(inside.min() / whole)


def spread_ties(values: Floats) -> Floats:
    """Undo rounding: return values of shape (n,) with equal ones spread evenly around their common value.

    They fill half the distance to the nearest other value on either side. Otherwise weights in whole kilograms would be
    groups with gaps between them. The places follow the golden section, so they are independent of the order of the
    rows (Weyl, "Über die Gleichverteilung von Zahlen mod. Eins", Mathematische Annalen 77, 1916). Values that occur
    once are unchanged.
    """
    distinct, which, count = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) in (0, 1, len(values)):
        return values
    gaps = np.diff(distinct)
    interval = np.minimum(np.append(gaps, np.inf), np.append(np.inf, gaps))
    place = np.arange(len(values)) * GOLDEN_SECTION % 1 - 0.5
    return np.asarray(np.where(count[which] > 1, values + place * interval[which], values))
