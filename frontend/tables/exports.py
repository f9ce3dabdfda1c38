"""Files to take away, as bytes of CSV: pure functions."""

from collections.abc import Sequence

import pandas as pd

from frontend.tables.animal_rows import RowFault, animal_table
from menagerie.animal import EXAMPLES, Animal


def template_csv() -> bytes:
    """Return the example animals as a file to fill in."""
    return animals_csv(list(EXAMPLES.values()))


def animals_csv(animals: Sequence[Animal]) -> bytes:
    """Return animals as a file that can be uploaded again; metres, kilograms."""
    return _csv(animal_table(animals))


def faults_csv(faults: Sequence[RowFault]) -> bytes:
    """Return what was wrong with which line."""
    return _csv(pd.DataFrame([{"line": fault.line, "reason": fault.reason} for fault in faults]))


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()
