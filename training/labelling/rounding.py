"""Undoes rounding: values that occur more than once are spread over the interval they were rounded from."""

import numpy as np

from training.model.plateau import Floats

GOLDEN_SECTION = (np.sqrt(5) - 1) / 2


def spread_ties(values: Floats) -> Floats:
    """Return values of shape (n,) in which equal ones are spread evenly, half-way towards their nearest neighbour.

    Weights in whole kilograms would otherwise look like so many groups with gaps between them. The places follow the
    golden section, so that they have nothing to do with the order of the rows (Weyl, "Über die Gleichverteilung von
    Zahlen mod. Eins", Mathematische Annalen 77, 1916). A value that is the only one stays.
    """
    distinct, which, count = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) in (0, 1, len(values)):
        return values
    gaps = np.diff(distinct)
    interval = np.minimum(np.append(gaps, np.inf), np.append(np.inf, gaps))
    place = np.arange(len(values)) * GOLDEN_SECTION % 1 - 0.5
    return np.asarray(np.where(count[which] > 1, values + place * interval[which], values))
