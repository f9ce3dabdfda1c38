"""The datasets in S3: files that are read, missing, or too large."""

import pytest
from mypy_boto3_s3 import S3Client

from menagerie.aws.datasets import S3Datasets
from menagerie.errors import InvalidInput, NotFound, Unavailable
from menagerie.ports.datasets import MIB
from tests.integration.conftest import BUCKET

KEY = "datasets/zoo.csv"


def test_a_dataset_can_be_read(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"a,b\n")
    assert S3Datasets(s3, BUCKET).read(KEY) == b"a,b\n"


def test_the_error_of_a_missing_dataset_names_its_address(s3: S3Client) -> None:
    with pytest.raises(NotFound, match=f"upload it to s3://{BUCKET}/{KEY}"):
        S3Datasets(s3, BUCKET).read(KEY)


def test_a_missing_bucket_is_unavailable(s3: S3Client) -> None:
    with pytest.raises(Unavailable):
        S3Datasets(s3, "no-such-bucket").read(KEY)


def test_a_dataset_that_is_too_large_is_rejected(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=bytes(2 * MIB))
    with pytest.raises(InvalidInput, match="has 2 MiB, and a dataset may have 1 MiB"):
        S3Datasets(s3, BUCKET, max_bytes=2 * MIB - 1).read(KEY)
    assert len(S3Datasets(s3, BUCKET, max_bytes=2 * MIB).read(KEY)) == 2 * MIB
