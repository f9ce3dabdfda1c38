"""Picks the rows that will tell whether a loaded model still is the one that was made."""

import numpy as np
from numpy.typing import NDArray

from menagerie.animal import CLASSES, animal_of
from menagerie.manifest import Canary
from training.labelling.label import Labels


def pick(rows: NDArray[np.float32], probabilities: NDArray[np.float32], labels: Labels) -> tuple[Canary, ...]:
    """Return for each label that occurs its most ordinary row and its least certain one, with their probabilities.

    `rows` and `probabilities` have shape (n, 5), `labels` (n,).
    """
    own = probabilities[np.arange(len(labels)), labels]
    chosen = []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        by_certainty = places[np.argsort(own[places], kind="stable")]
        chosen += list(dict.fromkeys([int(by_certainty[len(places) // 2]), int(by_certainty[0])]))
    return tuple(_canary(rows[place], probabilities[place]) for place in chosen)


def _canary(row: NDArray[np.float32], probabilities: NDArray[np.float32]) -> Canary:
    return Canary(
        animal=animal_of(row.tolist()),
        probabilities=dict(zip(CLASSES, probabilities.tolist(), strict=True)),
    )
