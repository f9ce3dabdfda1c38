"""Start the emulator alone, with a bucket, a table and a promoted model, for measurements."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.subject import trained_model
from cloud.clients import Clients
from cloud.local.ports import choose_free
from cloud.local.processes import Guardian
from cloud.local.services import ACCOUNT, REGION, start_emulator
from cloud.state.directory import StateDirectory
from menagerie.aws.registry import S3ModelRegistry

BUCKET, TABLE = "models", "predictions"


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A running emulator."""

    clients: Clients
    environment: dict[str, str]
    """The complete environment of a function's process."""
    model_key: str


@contextmanager
def local_aws() -> Iterator[LocalAws]:
    """Run the emulator on a free loopback port during the context, without saving its state."""
    with tempfile.TemporaryDirectory() as folder, Guardian() as guardian:
        state = StateDirectory.open(Path(folder) / "state")
        emulator = start_emulator(state, choose_free(), enforce_iam=False, guardian=guardian)
        try:
            emulator.wait_until_ready()
            clients = emulator.clients()
            version = _fill(clients)
            environment = {
                "AWS_ACCESS_KEY_ID": ACCOUNT,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": emulator.endpoint_url,
                "AWS_SECRET_ACCESS_KEY": emulator.secret_key,
                "MODELS_BUCKET": BUCKET,
                "PATH": os.environ["PATH"],
                "PREDICTIONS_TABLE": TABLE,
                "STACK_NAME": "menagerie",
            }
            yield LocalAws(clients, environment, f"models/{version}/model.onnx")
        finally:
            emulator.process.stop()


def _fill(clients: Clients) -> str:
    assert REGION == "eu-west-1"  # as a literal below, because the types of boto3 list the regions
    clients.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    clients.session.client("dynamodb", endpoint_url=clients.endpoint_url).create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    trained = trained_model()
    registry = S3ModelRegistry(clients.s3, BUCKET)
    registry.publish(trained.manifest, trained.onnx)
    registry.promote(trained.manifest.version, expected=None)
    return trained.manifest.version
