"""Puts what people said into the rows of a model: their labels replace, and add to, what labelling found."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, feature_matrix
from menagerie.feedback import LabelledAnimal
from training.labelling.label import Labels
from training.rows.labelled_rows import LabelledRows
from training.rows.splitting import CALIBRATION, FOLDS, HELD_OUT

# In turn: the first few answers about a species are learned from before any is held out.
TURN = (*(fold for fold in range(FOLDS) if fold not in (HELD_OUT, CALIBRATION)), HELD_OUT, CALIBRATION)


def with_feedback(base: LabelledRows, given: Sequence[LabelledAnimal], random_seed: int) -> LabelledRows:
    """Return the rows of a model with the last word on every prediction in place of earlier feedback among them.

    A row equal to an animal that somebody named takes that name. Rows that were there before keep their folds, so that
    neither the model they made nor its successor was fitted on what the two are compared on.
    """
    named = feature_matrix(each.animal for each in given)
    labels = np.array([CLASSES.index(each.species) for each in given], dtype=np.int64)
    known_folds = dict(zip(_keys(base.matrix), base.folds.tolist(), strict=True))
    folds = _folds(_keys(named), labels, known_folds, random_seed)
    of_people = set(_keys(named))
    rest = base.select(
        (base.prediction_ids == "") & np.array([key not in of_people for key in _keys(base.matrix)], dtype=bool)
    )
    matrix = np.concatenate([rest.matrix, named])
    order = np.lexsort(matrix.T[::-1])
    return LabelledRows(
        matrix[order],
        np.concatenate([rest.labels, labels])[order],
        np.concatenate([rest.folds, folds])[order],
        np.concatenate([rest.prediction_ids, np.array([each.prediction_id for each in given], dtype="U40")])[order],
    )


def _folds(keys: list[bytes], labels: Labels, known_folds: dict[bytes, int], random_seed: int) -> NDArray[np.intp]:
    """Return the fold of each named animal: equal animals share one, and each species is spread over all."""
    rng = np.random.default_rng(random_seed)
    fold_of = {key: known_folds[key] for key in keys if key in known_folds}
    for label in np.unique(labels):
        new = [key for key, own in zip(keys, labels.tolist(), strict=True) if own == label and key not in fold_of]
        distinct = sorted(set(new))
        for turn, place in enumerate(rng.permutation(len(distinct)).tolist()):
            fold_of[distinct[place]] = TURN[turn % FOLDS]
    return np.array([fold_of[key] for key in keys], dtype=np.intp)


def _keys(matrix: NDArray[np.float32]) -> list[bytes]:
    return [row.tobytes() for row in matrix]
