"""Folds: even over the labels, blind to the order of rows, and never with a copy on both sides."""

import numpy as np

from tests.model.worlds import official
from training.rows.splitting import FOLDS, folds, in_canonical_order

ROWS, TRUTH = official(2000, 0)
ORDER = np.lexsort(ROWS.T[::-1])
SORTED, LABELS = ROWS[ORDER], TRUTH[ORDER]


def test_canonical_order_does_not_depend_on_the_order_of_arrival() -> None:
    shuffled = ROWS[np.random.default_rng(1).permutation(len(ROWS))]
    assert np.array_equal(in_canonical_order(shuffled), in_canonical_order(ROWS))


def test_every_label_is_spread_evenly_over_the_folds() -> None:
    fold = folds(SORTED, LABELS, random_seed=0)
    for label in range(5):
        sizes = np.bincount(fold[label == LABELS], minlength=FOLDS)
        assert np.ptp(sizes) <= 1


def test_copies_of_a_row_share_a_fold() -> None:
    copies = SORTED.repeat(3, axis=0)
    fold = folds(copies, LABELS.repeat(3), random_seed=0).reshape(-1, 3)
    assert (fold == fold[:, :1]).all()


def test_the_seed_decides_which_rows_fall_where() -> None:
    first, again, other = (folds(SORTED, LABELS, random_seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
