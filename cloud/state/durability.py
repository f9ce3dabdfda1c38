"""Keep every acknowledged write of `menagerie up`: before, while and after an emulator runs.

The emulator saves its state only on an orderly stop. Until then, a journal on disk records the changes of the tables
from their streams. After a crash, the last saved state is loaded and the journal is written to its tables.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cloud.clients import Clients
from cloud.console import Steps
from cloud.deployment import STACK_NAME, describe, outputs
from cloud.state.directory import StateDirectory
from cloud.state.durable_files import write_whole
from cloud.state.journal import Change, Journals
from cloud.state.saved_state import DamagedState, SavedState, unsaved_note
from cloud.state.stream_feed import StreamFeed, restore
from menagerie.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import WaiterConfigTypeDef

ADOPTION = "adopt-models"
PATIENCE: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 60}
PREDICTIONS, JOBS = "PredictionsTable", "JobsTable"
# Running functions need half a gigabyte for their unpacked zips; packages and logs need space too.
SPACE_TO_START = 2**30
SPACE_TO_WARN = 256 * 2**20
RESERVE_BYTES = 8 * 2**20
WATCH_SECONDS = 5.0
CHECKED_CHANGES = 10


class NotSaved(Unavailable):
    """The emulator stopped without a complete saved state. The message has the consequence and advice."""


class Durability:
    """Protects the acknowledged writes in a state folder. The caller holds the folder's lock."""

    def __init__(self, state: StateDirectory, steps: Steps) -> None:
        self._state = state
        self._root = state.root
        self._steps = steps
        self._saved = SavedState(state.root)
        self._journals = Journals(state.root / "journal", state.root / "reserve")
        self._feed: StreamFeed | None = None
        self._deploying = False
        self._watched_at = 0.0
        self._warned = ""

    def begin(self, *, recover: bool) -> None:
        """Prepare the emulator's folder from the last complete state, and report anything unusual.

        Raises DamagedState unless `recover` is set, Conflict for the state of a later version, and Unavailable if
        there is too little disk space.
        """
        self._state.require_known_version()
        if self._saved.settle():
            self._steps.note("The last run was interrupted, but the emulator saved its state. Nothing is lost.")
        try:
            self._saved.check()
        except DamagedState as damage:
            if not recover:
                raise DamagedState(
                    f"the saved state is damaged: {damage}. `menagerie up --recover` moves it aside and continues with "
                    "the previous state and the changes since; `menagerie up --fresh` starts with an empty state"
                ) from None
            kept = self._saved.set_aside()
            self._steps.note(f"The saved state is damaged: {damage}. It was moved to {kept}.")
            if not self._saved.generation:
                self._steps.note("There is no complete previous state: only models and the journal are kept.")
        else:
            if self._saved.running.exists():
                self._steps.note(
                    "The last run ended without saving its state. Models are kept; predictions, feedback and jobs are "
                    f"recovered from the journal; log lines and metrics since {self._saved.saved_at} are lost."
                )
        self._require_space()
        self._make_reserve()
        self._journal = self._journals.since(self._saved.generation)
        unsaved_note(self._root).unlink(missing_ok=True)
        self._saved.begin()

    @property
    def emulator_folder(self) -> Path:
        """The folder for the emulator to load its state from and to save it to."""
        return self._saved.running

    @contextmanager
    def deployment(self, clients: Clients) -> Iterator[None]:
        """Context of a deployment. A new stack first adopts the models bucket of a lost stack, if there is one."""
        self.follow(clients)
        bucket = adopt_models_bucket(clients)
        if bucket:
            self._steps.note(f"Adopted the models of a lost stack from {bucket}.")
        self._deploying = True
        with self._saved.deployment():
            yield
        self._deploying = False
        self.follow(clients)

    def follow(self, clients: Clients) -> None:
        """Write the journal to the tables and start to record their changes. Does nothing without a stack."""
        if self._feed or describe(clients.cloudformation, STACK_NAME) is None:
            return
        found = outputs(clients)
        tables = {PREDICTIONS: found["PredictionsTableName"], JOBS: found["JobsTableName"]}
        dynamodb = clients.dynamodb
        try:
            streamed = [
                dynamodb.describe_table(TableName=name)["Table"].get("LatestStreamArn") for name in tables.values()
            ]
        except ClientError:  # a failed deployment left the stack without tables
            return
        if not all(streamed):  # an older template had no streams
            return
        known = self._journal.last()
        if known:
            with self._steps.step("Recovering unsaved changes") as update:
                restore(known, dynamodb, tables, lambda done: update(f"{done} of {len(known)} changes"))
                self._journal.replace(known.values())
                update(_summary(known))
        feed = StreamFeed(dynamodb, clients.streams, tables, self._journal, known)
        feed.start()
        self._feed = feed

    def watch(self) -> None:
        """Print a warning, once for each problem, if the disk gets full or the journal is not written."""
        warning = (self._feed.problem if self._feed else None) or self._warning_of_space()
        if warning != self._warned and warning:
            self._steps.note(f"Warning: {warning}. If the emulator were killed now, the last writes would be lost.")
        self._warned = warning

    def settle(self) -> str:
        """Make the state that the stopped emulator saved the current one; return a note, which may be empty.

        Raises NotSaved if the emulator saved nothing or an incomplete state.
        """
        if self._deploying:
            self._saved.discard()
            return "the deployment was interrupted; the next `menagerie up` starts it again"
        if not self._saved.sealed:
            raise self._not_saved("the emulator did not save its state")
        if not self._saved.holds(self._latest_keys()):
            self._saved.unseal()
            raise self._not_saved("the saved state lacks the latest predictions")
        self._saved.settle()
        self._journals.delete_before(self._saved.generation - 1)
        return ""

    def stop(self) -> None:
        """Record the last changes, if the emulator still responds, and stop recording."""
        if self._feed:
            self._feed.stop()

    def outlook(self) -> str:
        """Return a line about the recovery in the next run, after the emulator has ended unexpectedly."""
        changes = len(self._journal.last())
        return (
            f"The state was not saved. The journal has the {changes} changes since {self._saved.saved_at}; "
            "the next `menagerie up` recovers them."
        )

    def _not_saved(self, reason: str) -> NotSaved:
        problem = self._feed.problem if self._feed else None
        free = shutil.disk_usage(self._root).free
        hint = f"free some space ({free / 2**20:.0f} MiB are left), then " if free < SPACE_TO_WARN else ""
        if problem:
            text = f"{reason}, and {problem}: the last writes are lost; {hint}run `menagerie up`"
        else:
            text = f"{reason}; nothing is lost, because the journal has it: {hint}run `menagerie up` to recover it"
        with suppress(OSError):
            write_whole(unsaved_note(self._root), text + "\n")
        return NotSaved(text)

    def _latest_keys(self) -> list[str]:
        kept = [
            change.key["sk"]["S"]
            for change in self._journal.last().values()
            if change.table == PREDICTIONS and change.item and "forget_at" not in change.item
        ]
        return kept[-CHECKED_CHANGES:]

    def _require_space(self) -> None:
        needed = SPACE_TO_START + 2 * _documents_size(self._saved.services)
        free = shutil.disk_usage(self._root).free
        if free < needed:
            raise Unavailable(
                f"the disk of {self._root} has {free / 2**20:.0f} MiB left and {needed / 2**20:.0f} are needed; "
                "free some space, or choose another --state-dir"
            )

    def _make_reserve(self) -> None:
        path = self._root / "reserve"
        if not path.exists():
            with path.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))  # random bytes, which no file system compresses
                os.fsync(file.fileno())

    def _warning_of_space(self) -> str:
        if time.monotonic() - self._watched_at < WATCH_SECONDS:
            return self._warned
        self._watched_at = time.monotonic()
        needed = SPACE_TO_WARN + _documents_size(self._saved.services)
        free = shutil.disk_usage(self._root).free
        return f"the disk of {self._root} has less than {needed / 2**20:.0f} MiB left" if free < needed else ""


def adopt_models_bucket(clients: Clients, name: str = STACK_NAME) -> str | None:
    """Create a stack around the models bucket of a lost stack, by CloudFormation's resource import.

    Returns the bucket's name, or None if the stack exists or there is no such bucket.
    """
    client = clients.cloudformation
    if describe(client, name) is not None:
        return None
    bucket = _left_bucket(clients, f"{name}-modelsbucket-")
    if bucket is None:
        return None
    resource = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {},
    }
    client.create_change_set(
        StackName=name,
        ChangeSetName=ADOPTION,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps({"Resources": {"ModelsBucket": resource}}),
        ResourcesToImport=[
            {
                "ResourceType": "AWS::S3::Bucket",
                "LogicalResourceId": "ModelsBucket",
                "ResourceIdentifier": {"BucketName": bucket},
            }
        ],
    )
    client.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName=ADOPTION, WaiterConfig=PATIENCE)
    client.execute_change_set(StackName=name, ChangeSetName=ADOPTION)
    client.get_waiter("stack_import_complete").wait(StackName=name, WaiterConfig=PATIENCE)
    return bucket


def _left_bucket(clients: Clients, prefix: str) -> str | None:
    """Return the non-empty bucket with the latest promotion, or None."""
    found = []
    for bucket in clients.s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(prefix):
            objects = clients.s3.list_objects_v2(Bucket=bucket["Name"], Prefix="models/").get("Contents", [])
            pointers = [each["LastModified"].isoformat() for each in objects if each["Key"] == "models/current.json"]
            if objects:
                found.append((max(pointers, default=""), bucket["Name"]))
    return max(found)[1] if found else None


def _summary(changes: dict[str, Change]) -> str:
    jobs = sum(change.table == JOBS for change in changes.values())
    return f"{len(changes) - jobs} changes of predictions and feedback, {jobs} of jobs"


def _documents_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.json"))
