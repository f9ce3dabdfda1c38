"""Finds dense groups on a sparse background by classification expectation-maximisation over plateau densities.

Celeux & Govaert, "A classification EM algorithm for clustering and two stochastic versions", Computational Statistics &
Data Analysis 14, 1992; the even background is the outlier model of Banfield & Raftery, "Model-based Gaussian and
non-Gaussian clustering", Biometrics 49, 1993. Time grows linearly: starts are tried on a sample of fixed size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.labelling.separation import valley
from training.model.plateau import Floats, Plateau

SMALLEST_GROUP = 10
BACKGROUND = -1
# A group is this many times as dense as the background around it, in the geometric mean of its members.
LOWEST_CONTRAST = float(np.log(3))
# Two groups where there is one gain next to nothing by chance: at most 1.1 in log-likelihood for each member of the
# smaller group, or 20 in all when that has very few. Dog and elephant gain 2.5 and 65 at the least.
GAIN_PER_ROW = 1.25
LOWEST_GAIN = 30.0
# Between the halves of one group, however it is shaped, this much of the way is hardly ever so empty; see `valley`.
SHALLOWEST_VALLEY = 0.05
DEEP_VALLEY = 0.01

SAMPLE = 4_000
ROBUST_ROUNDS = 3
ROUNDS = 40
# Shares of the rows on the lighter side of a trial split, and how much of either side makes the first core: of the
# weights, then of the heights that remain.
SPLITS = (0.03, 0.06, 0.12, 0.25, 0.5, 0.75, 0.88, 0.94, 0.97)
CORES = ((0.6, 0.75), (0.85, 0.9))


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which group each of n rows belongs to, and how well that explains them."""

    group: NDArray[np.intp]
    """Shape (n,): number of the group, or BACKGROUND."""
    log_likelihood: float

    def size(self, number: int) -> int:
        """Return how many rows a group has."""
        return int((self.group == number).sum())


def find_one(values: Floats, log_background: Floats) -> Grouping | None:
    """Find the densest group among (height, weight) rows of shape (n, 2), or None when all is background.

    `log_background`, shape (n,), is the logarithm of the background rows expected there per metre and kilogram.
    """
    if len(values) < SMALLEST_GROUP:
        return None
    sample, chosen, share = _sample(values)
    best = _best(sample, _single_starts(sample), log_background[chosen] + np.log(share))
    return best and _on_all(values, chosen, best, 1, log_background)


def find_two(values: Floats, log_background: Floats, shallowest: float = SHALLOWEST_VALLEY) -> Grouping | None:
    """Find a light group 0 and a heavy group 1 among (height, weight) rows of shape (n, 2), or None.

    None also when two groups explain the rows hardly better than one does, or the valley between them is
    shallower than `shallowest`, as `valley` measures it; `log_background` as in `find_one`.
    """
    if len(values) < 2 * SMALLEST_GROUP:
        return None
    sample, chosen, share = _sample(values)
    background = log_background[chosen] + np.log(share)
    starts = []
    for split in SPLITS:
        light = sample[:, 1] <= np.quantile(sample[:, 1], split)
        if min(light.sum(), (~light).sum()) >= SMALLEST_GROUP:
            starts += [[_core(sample, side, core) for side in (light, ~light)] for core in CORES]
    best = _best(sample, starts, background)
    if best is None:
        return None
    one = _best(sample, _single_starts(sample), background)
    gain = best.log_likelihood - (one.log_likelihood if one else float(background.sum()))
    if gain < max(LOWEST_GAIN, GAIN_PER_ROW * min(best.size(0), best.size(1))):
        return None
    if valley(sample[best.group == 0], sample[best.group == 1]) > shallowest:
        return None
    found = _on_all(values, chosen, best, 2, log_background)
    return found and _lightest_first(found, values)


def _single_starts(sample: Floats) -> list[list[NDArray[np.bool_]]]:
    everything = np.ones(len(sample), dtype=bool)
    return [[_core(sample, everything, core)] for core in CORES]


def _best(values: Floats, starts: list[list[NDArray[np.bool_]]], log_background: Floats) -> Grouping | None:
    found = [grouping for start in starts if (grouping := _grow(values, start, log_background))]
    return max(found, key=lambda grouping: grouping.log_likelihood, default=None)


def _on_all(
    values: Floats, chosen: NDArray[np.intp], sampled: Grouping, groups: int, log_background: Floats
) -> Grouping | None:
    start = [np.zeros(len(values), dtype=bool) for _ in range(groups)]
    for number, members in enumerate(start):
        members[chosen[sampled.group == number]] = True
    return _grow(values, start, log_background)


def _grow(values: Floats, start: list[NDArray[np.bool_]], log_background: Floats) -> Grouping | None:
    group = np.full(len(values), BACKGROUND, dtype=np.intp)
    for number, members in enumerate(start):
        group[members] = number
    score = np.empty((len(start) + 1, len(values)))
    score[BACKGROUND] = log_background
    for round_ in range(ROUNDS):
        for number in range(len(start)):
            members = values[group == number]
            if len(members) < SMALLEST_GROUP:
                return None
            plateau = Plateau.fit(members, robust=round_ < ROBUST_ROUNDS)
            score[number] = np.log(len(members)) + plateau.log_density(values)
        before, group = group, score.argmax(axis=0)
        group[group == len(start)] = BACKGROUND
        if round_ > ROBUST_ROUNDS and np.array_equal(before, group):
            break
    if min((group == number).sum() for number in range(len(start))) < SMALLEST_GROUP:
        return None
    contrast = min(float((score[n] - log_background)[group == n].mean()) for n in range(len(start)))
    if contrast < LOWEST_CONTRAST:
        return None
    return Grouping(group, float(score.max(axis=0).sum()))


def _core(values: Floats, side: NDArray[np.bool_], shares: tuple[float, float]) -> NDArray[np.bool_]:
    """Mark the densest rows of one side: those in the shortest interval of weights, then of heights."""
    core = side.copy()
    for column, share in zip((1, 0), shares, strict=True):
        ordered = np.sort(values[core, column])
        width = max(int(share * len(ordered)) - 1, 1)
        first = int((ordered[width:] - ordered[:-width]).argmin())
        core &= (values[:, column] >= ordered[first]) & (values[:, column] <= ordered[first + width])
    return core


def _sample(values: Floats) -> tuple[Floats, NDArray[np.intp], float]:
    """Pick rows evenly along the weights; return them, their places, and the share of all rows they are."""
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
