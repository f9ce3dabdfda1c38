"""Tells two groups from one that was cut in half: between two there is a valley."""

import numpy as np

from training.model.plateau import Floats

WINDOW = 0.2
STEPS = 40


def valley(light: Floats, heavy: Floats) -> float:
    """Return how empty the emptiest fifth of the way between two groups of shape (n, d) is: 0 for a gap, 0.2 for none.

    Both are projected on the direction that separates them best (Fisher, "The use of multiple measurements in taxonomic
    problems", Annals of Eugenics 7, 1936) and count the same however many rows they have; the way is from median to
    median, and the measure the share of the rows on it.
    """
    spread = np.cov(light.T) + np.cov(heavy.T)
    direction = np.linalg.lstsq(spread, np.median(heavy, axis=0) - np.median(light, axis=0), rcond=None)[0]
    near, far = light @ direction, heavy @ direction
    start, end = np.median(near), np.median(far)
    if not end > start:
        return 1.0
    place = (np.concatenate([near, far]) - start) / (end - start)
    share = np.repeat([1 / len(near), 1 / len(far)], [len(near), len(far)])
    order = np.argsort(place, kind="stable")
    place, passed = place[order], np.append(0.0, share[order].cumsum())
    windows = np.linspace(0, 1 - WINDOW, STEPS + 1)
    inside = passed[np.searchsorted(place, windows + WINDOW)] - passed[np.searchsorted(place, windows)]
    whole = passed[np.searchsorted(place, 1.0, side="right")] - passed[np.searchsorted(place, 0.0)]
    return float(inside.min() / whole)
