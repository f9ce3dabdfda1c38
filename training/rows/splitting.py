"""Divides labelled rows into folds that share no row, whatever order the rows came in."""

import numpy as np
from numpy.typing import NDArray

from training.labelling.label import Labels

FOLDS = 5
HELD_OUT = 0
"""The fold that metrics and the promotion gate are measured on."""
CALIBRATION = 1
"""The fold that conformal thresholds are calibrated on; the classifier is fitted on all others."""


def in_canonical_order(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows of shape (n, d) sorted by their columns, so that nothing depends on the order they came in."""
    return rows[np.lexsort(rows.T[::-1])]


def folds(rows: NDArray[np.float32], labels: Labels, random_seed: int) -> NDArray[np.intp]:
    """Return the fold, 0 to FOLDS - 1, of each row, shape (n,); rows are in canonical order.

    Every label is spread evenly over the folds. Equal rows share a fold: a copy of a row that was learned from says
    nothing about rows that were not.
    """
    rng = np.random.default_rng(random_seed)
    fold = np.empty(len(rows), dtype=np.intp)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        is_new = np.r_[True, (rows[places[1:]] != rows[places[:-1]]).any(axis=1)]
        row_number = is_new.cumsum() - 1
        fold[places] = (rng.permutation(row_number[-1] + 1) % FOLDS)[row_number]
    return fold
