"""The job store on DynamoDB: one partition of jobs that sort by time, and the name of the latest.

| pk     | sk     | what                                                                                   |
|--------|--------|----------------------------------------------------------------------------------------|
| job    | job id | a job; `expires` is when it counts as failed, in seconds: its lease or its deadline    |
| latest | latest | `job_id` of the latest job; who creates the next one must replace exactly the one seen |
| waiting | digest | a request that waits until no job runs, see `dynamodb_waiting`                        |
| key#…  | key    | the job that a key queued, as it was then, see `dynamodb_keys`                         |
"""

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from pydantic import JsonValue

from menagerie.aws.codec import to_attribute
from menagerie.aws.errors import aws_errors
from menagerie.aws.idempotency import DynamoDBKeys
from menagerie.aws.job_item import PARTITION, from_item, key_of, to_item
from menagerie.aws.waiting import DynamoDBWaitingRequests
from menagerie.clock import utc_now
from menagerie.errors import Conflict, NotFound, Unavailable, Unreadable
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.job_store import OPEN, allowed_time, as_seen, corrected, lease
from menagerie.skipped import Skipped, log_skipped
from menagerie.ulid import FIRST_ULID, LAST_ULID, is_ulid, new_ulid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, PutTypeDef

    from menagerie.aws.job_item import Item
    from menagerie.idempotency import IdempotencyKey
    from menagerie.manifest import ModelManifest

_MARKER_KEY: "Item" = {"pk": {"S": "latest"}, "sk": {"S": "latest"}}
_SERVICE = "the jobs table"


class DynamoDBJobStore(DynamoDBWaitingRequests):
    """Fills `JobStore`: states move by conditional writes only, so a job that is delivered twice runs once."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        patience: "timedelta",
        now: "Callable[[], datetime]" = utc_now,
        skipped: Skipped = log_skipped,
    ) -> None:
        """Take a client, the table's name, how long a job may wait for its worker, a clock, and a log of bad items."""
        super().__init__(client, table, skipped)
        self._patience = patience
        self._now = now
        self._keys = DynamoDBKeys(client, table, _SERVICE, skipped)

    def create(self, request: TrainingRequest, key: "IdempotencyKey | None" = None) -> Job:
        """Queue a job; raise Conflict, naming the other, while one is queued or running; see `JobStore.create`."""
        try:
            return self._create(request, key)
        except Conflict:
            # The other one may be this very request, sent twice.
            first, lost = self._found(key) if key else (None, None)
            if first is not None:
                return first
            if lost is None:
                raise
        return self._create(request, key, lost)

    def accepted(self, key: "IdempotencyKey") -> Job | None:
        """Return the job that was queued under a key, as it was then, or None; raise KeyReused."""
        return self._found(key)[0]

    def forget(self, key: "IdempotencyKey") -> None:
        """Let a key be used anew."""
        self._keys.forget(key)

    def _found(self, key: "IdempotencyKey") -> tuple[Job | None, str | None]:
        """Return the job that was queued under a key, and what is stored there if that is no job any more."""
        document = self._keys.find(key, self._now())
        if document is None:
            return None, None
        try:
            return Job.model_validate_json(document), None
        except ValueError as error:
            self._skipped(Unreadable(f"key#{key.key}", error))
            return None, document

    def _create(self, request: TrainingRequest, key: "IdempotencyKey | None", lost: str | None = None) -> Job:
        marker = self._marker()
        for other in (*self.recent(1), *self._named_by(marker)):
            if other.status in OPEN:
                raise Conflict(f"job {other.job_id} is {other.status} and one job runs at a time")
        now = self._now()
        job = Job(
            # Behind all others, whatever the clock was when they were queued: the newest job is the one with the
            # highest id.
            job_id=new_ulid(now, after=self._highest_id()),
            status=JobStatus.QUEUED,
            request=request,
            created_at=now,
            deadline=now + self._patience,
        )
        replace_marker: dict[str, Any] = {
            "TableName": self._table,
            "Item": {**_MARKER_KEY, "job_id": {"S": job.job_id}},
            "ConditionExpression": "attribute_not_exists(job_id)",
        }
        if "job_id" in marker:
            replace_marker["ConditionExpression"] = "job_id = :seen"
            replace_marker["ExpressionAttributeValues"] = {":seen": marker["job_id"]}
        with aws_errors(_SERVICE, conflict="another job was queued at the same moment"):
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": cast("PutTypeDef", replace_marker)},
                    {"Put": {"TableName": self._table, "Item": to_item(job)}},
                    *([self._keys.put(key, job.model_dump_json(), now, lost=lost)] if key else []),
                ]
            )
        return job

    def get(self, job_id: str) -> Job:
        """Return a job as it stands; raise NotFound."""
        item = self._item(job_id)
        job = self._seen(item) if item else None
        if job is None:
            raise NotFound("there is no such job")
        return job

    def recent(self, limit: int) -> list[Job]:
        """Return up to `limit` jobs, newest first."""
        readable = (job for item in self._items(limit) if (job := self._seen(item)) is not None)
        return list(islice(readable, limit))

    def _marker(self) -> "Item":
        """Return the item that names the latest job, empty before the first one."""
        with aws_errors(_SERVICE):
            return self._client.get_item(TableName=self._table, Key=_MARKER_KEY, ConsistentRead=True).get("Item", {})

    def _named_by(self, marker: "Item") -> list[Job]:
        """Return the job that the marker names, if there is one that can be read."""
        item = self._item(marker.get("job_id", {}).get("S", ""))
        job = self._seen(item) if item else None
        return [job] if job else []

    def _highest_id(self) -> str | None:
        """Return the highest id of all jobs, those that cannot be read included."""
        ids = (item["sk"].get("S", "") for item in self._items(1))
        return next((each for each in ids if is_ulid(each)), None)

    def _item(self, job_id: str) -> "Item | None":
        if not is_ulid(job_id):
            return None
        with aws_errors(_SERVICE):
            return self._client.get_item(TableName=self._table, Key=key_of(job_id), ConsistentRead=True).get("Item")

    def _items(self, at_once: int) -> "Iterator[Item]":
        """Yield the items of all jobs, highest id first, so many for each read."""
        with aws_errors(_SERVICE):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :job AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={":job": PARTITION, ":first": {"S": FIRST_ULID}, ":last": {"S": LAST_ULID}},
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig={"PageSize": at_once},
            )
            for page in pages:
                yield from page["Items"]

    def _seen(self, item: "Item") -> Job | None:
        """Return a job as it counts now, or None if its item cannot be read."""
        try:
            job, expires = from_item(item)
        except Unreadable as error:
            self._skipped(error)
            return None
        now = self._now()
        believed = corrected(job, expires, now)
        if believed != expires:
            self._shorten(job, item["expires"], believed)
        return as_seen(job, believed, now)

    def _shorten(self, job: Job, written: "AttributeValueTypeDef", expires: "datetime") -> None:
        """Let an unfinished job that was written by a clock ahead of this one expire in time."""
        deadline = self._now() + allowed_time(job)
        # Whoever changed the job in between knew the time better.
        with suppress(Conflict, Unavailable), aws_errors(_SERVICE, conflict="the job moved on"):
            self._client.update_item(
                TableName=self._table,
                Key=key_of(job.job_id),
                UpdateExpression="SET expires = :expires, deadline = :deadline",
                ConditionExpression="#status = :status AND expires = :written",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":expires": to_attribute(expires.timestamp()),
                    ":deadline": to_attribute(deadline.isoformat()),
                    ":status": to_attribute(job.status),
                    ":written": written,
                },
            )

    def start(self, job_id: str, deadline: "datetime") -> Job:
        """Move a queued job to running, to be done by a deadline; see `JobStore.start`."""
        changes: dict[str, JsonValue] = {
            "status": JobStatus.RUNNING,
            "started_at": self._now().isoformat(),
            "deadline": deadline.isoformat(),
            "expires": lease(self._now(), deadline).timestamp(),
        }
        return self._move(job_id, (JobStatus.QUEUED,), changes)

    def renew(self, job_id: str, deadline: "datetime") -> None:
        """Extend the lease of a running job, but not beyond its deadline; raise Conflict if it no longer runs."""
        self._move(job_id, (JobStatus.RUNNING,), {"expires": lease(self._now(), deadline).timestamp()})

    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        """Note how far a running job is, from 0 to 1; raise Conflict if it does not run any more."""
        self._move(job_id, (JobStatus.RUNNING,), {"stage": stage, "progress": round(progress, 3)})

    def succeed(self, job_id: str, manifest: "ModelManifest", *, promoted: bool, reason: str) -> Job:
        """Finish a running job with the model that it made; raise Conflict if it does not run any more."""
        changes: dict[str, JsonValue] = {
            "status": JobStatus.SUCCEEDED,
            "progress": 1,
            "finished_at": self._now().isoformat(),
            "model_version": manifest.version,
            "metrics": manifest.metrics.model_dump(mode="json"),
            "promoted": promoted,
            "reason": reason,
        }
        return self._move(job_id, (JobStatus.RUNNING,), changes)

    def fail(self, job_id: str, error: str) -> Job:
        """Finish a queued or running job without a model; raise Conflict if it is finished already."""
        changes: dict[str, JsonValue] = {
            "status": JobStatus.FAILED,
            "finished_at": self._now().isoformat(),
            "error": error,
        }
        return self._move(job_id, OPEN, changes)

    def _move(self, job_id: str, origin: tuple[JobStatus, ...], changes: dict[str, JsonValue]) -> Job:
        """Write changes if the job is in one of the states of origin and has not expired."""
        states = {f":from_{state}": to_attribute(state) for state in origin}
        try:
            with aws_errors(_SERVICE, conflict=f"job {job_id} is not {' or '.join(origin)}"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=key_of(job_id),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                    ConditionExpression=f"#status IN ({', '.join(states)}) AND expires > :now",
                    ExpressionAttributeNames={"#status": "status", **{f"#{name}": name for name in changes}},
                    ExpressionAttributeValues={
                        ":now": to_attribute(self._now().timestamp()),
                        **states,
                        **{f":{name}": to_attribute(value) for name, value in changes.items()},
                    },
                    ReturnValues="ALL_NEW",
                )
        except Conflict:
            self.get(job_id)  # tells a job that does not exist from one in another state
            raise
        return from_item(answer["Attributes"])[0]
