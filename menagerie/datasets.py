"""CSV files that people upload for training: the slot for them, and S3 in it."""

from typing import TYPE_CHECKING, Protocol

from menagerie.aws.errors import aws_errors
from menagerie.errors import InvalidInput

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024
# A million rows have some 40 MB; the training function holds text and rows in memory at the same time.
MAX_DATASET_BYTES = 100 * MIB


class Datasets(Protocol):
    """Every call may raise Unavailable."""

    def read(self, key: str) -> bytes:
        """Return a file; raise NotFound, or InvalidInput if it is larger than MAX_DATASET_BYTES."""
        ...


class S3Datasets:
    """Fills `Datasets` from a bucket."""

    def __init__(self, client: "S3Client", bucket: str, *, max_bytes: int = MAX_DATASET_BYTES) -> None:
        self._client = client
        self._bucket = bucket
        self._max_bytes = max_bytes

    def read(self, key: str) -> bytes:
        """Return a file; raise NotFound, or InvalidInput if it is larger than `max_bytes`."""
        missing = f"there is no dataset {key}; upload it to s3://{self._bucket}/{key}"
        with aws_errors("the bucket of datasets", missing=missing):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            size = answer["ContentLength"]
            if size > self._max_bytes:
                raise InvalidInput(
                    f"{key} has {size / MIB:.0f} MiB, a dataset may have {self._max_bytes // MIB} MiB; "
                    "split it or leave rows out"
                )
            return answer["Body"].read()
