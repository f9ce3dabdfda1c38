"""The port for CSV files that people upload for training."""

from typing import Protocol

MIB = 1024 * 1024
# A million rows have some 40 MB; the training function holds text and rows in memory at the same time.
MAX_DATASET_BYTES = 100 * MIB


class Datasets(Protocol):
    """Uploaded files by their keys. Every method may raise Unavailable."""

    def read(self, key: str) -> bytes:
        """Return the content of a file; raise NotFound, or InvalidInput for more than MAX_DATASET_BYTES."""
        ...
