"""The use case of training rows: an even sample of what a model was trained from."""

import csv
import gzip
import zlib
from typing import TYPE_CHECKING

from menagerie.animal import FEATURES, Animal, animal_of
from menagerie.errors import ModelRejected, NotFound

if TYPE_CHECKING:
    from menagerie.registry import ModelRegistry

DEFAULT_ROWS = 1000
# A row has some 90 bytes of JSON, so an answer stays under 0.5 MB.
MOST_ROWS = 5000


def sample_rows(version: str, limit: int, registry: "ModelRegistry") -> tuple[int, list[Animal]]:
    """Return how many rows a version was trained from, and at most `limit` of them, evenly spread in their order.

    The same question has the same answer. Raises NotFound for an unknown version and for one whose rows were not kept,
    ModelRejected if they cannot be read, Unavailable.
    """
    if registry.manifest(version).training.rows_file is None:
        raise NotFound(f"the rows of model {version} were not kept")
    try:
        header, *lines = gzip.decompress(registry.rows(version)).decode().splitlines()
        total, taken = len(lines), min(limit, len(lines))
        picked = (lines[place * total // taken] for place in range(taken))
        return total, [animal_of([float(row[name]) for name in FEATURES]) for row in csv.DictReader([header, *picked])]
    except (OSError, EOFError, zlib.error, csv.Error, ValueError, KeyError, TypeError) as error:
        raise ModelRejected(f"the rows of model {version} cannot be read") from error
