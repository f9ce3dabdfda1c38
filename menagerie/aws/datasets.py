"""The datasets in an S3 bucket."""

from typing import TYPE_CHECKING

from typing_extensions import override

from menagerie.aws.errors import aws_errors
from menagerie.errors import InvalidInput
from menagerie.ports.datasets import MAX_DATASET_BYTES, MIB, Datasets

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Datasets(Datasets):
    """Reads files of up to `max_bytes` from a bucket."""

    def __init__(self, client: "S3Client", bucket: str, *, max_bytes: int = MAX_DATASET_BYTES) -> None:
        self._client = client
        self._bucket = bucket
        self._max_bytes = max_bytes

    @override
    def read(self, key: str) -> bytes:
        missing = f"there is no dataset {key}; upload it to s3://{self._bucket}/{key}"
        with aws_errors("the bucket of datasets", missing=missing):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            size = answer["ContentLength"]
            if size > self._max_bytes:
                raise InvalidInput(
                    f"{key} has {size / MIB:.0f} MiB, and a dataset may have {self._max_bytes // MIB} MiB; "
                    "split it or remove rows"
                )
            return answer["Body"].read()
