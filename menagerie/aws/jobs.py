"""The job store on DynamoDB: one partition of jobs that sort by time, and a marker that names the latest.

| pk       | sk     | content                                                                                    |
|----------|--------|--------------------------------------------------------------------------------------------|
| job      | job id | a job, one attribute for each field; `expires` is its lease or its deadline, in seconds    |
| latest   | latest | `job_id` of the latest job; creating a job replaces exactly the marker that was read       |
| waiting  | digest | a deferred request, as JSON                                                                |
| key#…    | key    | the job that was queued under an idempotency key, as it was queued, see `aws.idempotency`  |
"""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from pydantic import JsonValue
from typing_extensions import override

from menagerie.aws.codec import from_item, to_item
from menagerie.aws.errors import UnreadableHandler, aws_errors, log_unreadable
from menagerie.aws.idempotency import DynamoDBKeys, stored_once
from menagerie.clock import Clock, utc_now
from menagerie.errors import Conflict, NotFound, Unavailable, Unreadable
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.ports.jobs import OPEN, JobStore, allowed_time, corrected_expiry, job_at, lease
from menagerie.ulid import FIRST_ULID, LAST_ULID, is_ulid, new_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, PutTypeDef

    from menagerie.idempotency import IdempotencyKey
    from menagerie.manifest import ModelManifest

    Item = dict[str, AttributeValueTypeDef]

_SERVICE = "the jobs table"
_JOBS: "AttributeValueTypeDef" = {"S": "job"}
_DEFERRED: "AttributeValueTypeDef" = {"S": "waiting"}
_MARKER_KEY: "Item" = {"pk": {"S": "latest"}, "sk": {"S": "latest"}}


class DynamoDBJobStore(JobStore):
    """Changes a job's status by conditional writes only, so that a job that is delivered twice runs once."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        patience: "timedelta",
        now: Clock = utc_now,
        on_unreadable: UnreadableHandler = log_unreadable,
    ) -> None:
        """Take the table.

        Args:
            client: of DynamoDB.
            table: name of the table.
            patience: how long a job may be queued before it counts as failed.
            now: the clock.
            on_unreadable: called with each stored item that is skipped because it cannot be read.
        """
        self._client = client
        self._table = table
        self._patience = patience
        self._now = now
        self._on_unreadable = on_unreadable
        self._keys = DynamoDBKeys(client, table, _SERVICE, on_unreadable)

    @override
    def create(self, request: TrainingRequest, key: "IdempotencyKey | None" = None) -> Job:
        # In a conflict, the other job may belong to this very request, sent twice.
        return stored_once(
            lambda lost: self._create(request, key, lost), lambda: self._find(key) if key else (None, None)
        )

    @override
    def find_by_key(self, key: "IdempotencyKey") -> Job | None:
        return self._find(key)[0]

    @override
    def delete_key(self, key: "IdempotencyKey") -> None:
        self._keys.delete(key)

    @override
    def defer(self, request: TrainingRequest) -> None:
        with aws_errors(_SERVICE):
            self._client.put_item(
                TableName=self._table, Item={**_deferred_key(request), "request": {"S": request.model_dump_json()}}
            )

    @override
    def deferred(self) -> list[TrainingRequest]:
        with aws_errors(_SERVICE):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :waiting",
                ExpressionAttributeValues={":waiting": _DEFERRED},
                ConsistentRead=True,
            )
        requests = []
        for item in answer["Items"]:
            try:
                requests.append(TrainingRequest.model_validate_json(item["request"]["S"]))
            except (KeyError, ValueError) as error:
                self._on_unreadable(Unreadable(f"waiting/{item['sk'].get('S')}", error))
        return requests

    @override
    def delete_deferred(self, request: TrainingRequest) -> None:
        with aws_errors(_SERVICE):
            self._client.delete_item(TableName=self._table, Key=_deferred_key(request))

    @override
    def get(self, job_id: str) -> Job:
        item = self._item(job_id)
        job = self._read(item) if item else None
        if job is None:
            raise NotFound("there is no such job")
        return job

    @override
    def recent(self, limit: int) -> list[Job]:
        readable = (job for item in self._items(limit) if (job := self._read(item)) is not None)
        return list(islice(readable, limit))

    @override
    def start(self, job_id: str, deadline: datetime) -> Job:
        changes: dict[str, JsonValue] = {
            "status": JobStatus.RUNNING,
            "started_at": self._now().isoformat(),
            "deadline": deadline.isoformat(),
            "expires": lease(self._now(), deadline).timestamp(),
        }
        return self._update(job_id, (JobStatus.QUEUED,), changes)

    @override
    def renew(self, job_id: str, deadline: datetime) -> None:
        self._update(job_id, (JobStatus.RUNNING,), {"expires": lease(self._now(), deadline).timestamp()})

    @override
    def progress(self, job_id: str, stage: Stage, progress: float) -> None:
        self._update(job_id, (JobStatus.RUNNING,), {"stage": stage, "progress": round(progress, 3)})

    @override
    def succeed(self, job_id: str, manifest: "ModelManifest", *, promoted: bool, reason: str) -> Job:
        changes: dict[str, JsonValue] = {
            "status": JobStatus.SUCCEEDED,
            "progress": 1,
            "finished_at": self._now().isoformat(),
            "model_version": manifest.version,
            "metrics": manifest.metrics.model_dump(mode="json"),
            "promoted": promoted,
            "reason": reason,
        }
        return self._update(job_id, (JobStatus.RUNNING,), changes)

    @override
    def fail(self, job_id: str, error: str) -> Job:
        changes: dict[str, JsonValue] = {
            "status": JobStatus.FAILED,
            "finished_at": self._now().isoformat(),
            "error": error,
        }
        return self._update(job_id, OPEN, changes)

    def _find(self, key: "IdempotencyKey") -> tuple[Job | None, str | None]:
        """Return the job that was queued under a key, and the stored text if that is not a job."""
        document = self._keys.find(key, self._now())
        if document is None:
            return None, None
        try:
            return Job.model_validate_json(document), None
        except ValueError as error:
            self._on_unreadable(Unreadable(f"key#{key.key}", error))
            return None, document

    def _create(self, request: TrainingRequest, key: "IdempotencyKey | None", lost: str | None) -> Job:
        marker = self._marker()
        for other in (*self.recent(1), *self._marked_job(marker)):
            if other.status in OPEN:
                raise Conflict(f"job {other.job_id} is {other.status} and one job runs at a time")
        now = self._now()
        job = Job(
            # The newest job must have the highest id, whatever the clock was when the others were queued.
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
            replace_marker["ConditionExpression"] = "job_id = :read"
            replace_marker["ExpressionAttributeValues"] = {":read": marker["job_id"]}
        with aws_errors(_SERVICE, conflict="another job was queued at the same time"):
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": cast("PutTypeDef", replace_marker)},
                    {"Put": {"TableName": self._table, "Item": _item_of(job)}},
                    *([self._keys.put(key, job.model_dump_json(), now, lost=lost)] if key else []),
                ]
            )
        return job

    def _marker(self) -> "Item":
        """Return the item that names the latest job, empty before the first job."""
        with aws_errors(_SERVICE):
            return self._client.get_item(TableName=self._table, Key=_MARKER_KEY, ConsistentRead=True).get("Item", {})

    def _marked_job(self, marker: "Item") -> list[Job]:
        """Return the job that the marker names, or nothing if there is none that can be read."""
        item = self._item(marker.get("job_id", {}).get("S", ""))
        job = self._read(item) if item else None
        return [job] if job else []

    def _highest_id(self) -> str | None:
        """Return the highest id of all jobs, including those that cannot be read."""
        ids = (item["sk"].get("S", "") for item in self._items(1))
        return next((each for each in ids if is_ulid(each)), None)

    def _item(self, job_id: str) -> "Item | None":
        if not is_ulid(job_id):
            return None
        with aws_errors(_SERVICE):
            return self._client.get_item(TableName=self._table, Key=_key_of(job_id), ConsistentRead=True).get("Item")

    def _items(self, page_size: int) -> "Iterator[Item]":
        """Yield the items of all jobs, highest id first, in reads of `page_size`."""
        with aws_errors(_SERVICE):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :job AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={":job": _JOBS, ":first": {"S": FIRST_ULID}, ":last": {"S": LAST_ULID}},
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig={"PageSize": page_size},
            )
            for page in pages:
                yield from page["Items"]

    def _read(self, item: "Item") -> Job | None:
        """Return a job as it counts now, or None if its item cannot be read."""
        try:
            job, stored = _job_in(item)
        except Unreadable as error:
            self._on_unreadable(error)
            return None
        now = self._now()
        expires = corrected_expiry(job, stored, now)
        if expires != stored:
            self._correct_expiry(job, item["expires"], expires)
        return job_at(now, job, expires)

    def _correct_expiry(self, job: Job, stored: "AttributeValueTypeDef", expires: datetime) -> None:
        """Store an earlier expiry and deadline for a job that was stored by a clock ahead of this one."""
        deadline = self._now() + allowed_time(job)
        # A concurrent update of the job is newer than what was read here.
        with suppress(Conflict, Unavailable), aws_errors(_SERVICE, conflict="the job was updated"):
            self._client.update_item(
                TableName=self._table,
                Key=_key_of(job.job_id),
                UpdateExpression="SET expires = :expires, deadline = :deadline",
                ConditionExpression="#status = :status AND expires = :stored",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":stored": stored,
                    **to_item(
                        {":expires": expires.timestamp(), ":deadline": deadline.isoformat(), ":status": job.status}
                    ),
                },
            )

    def _update(self, job_id: str, origin: tuple[JobStatus, ...], changes: dict[str, JsonValue]) -> Job:
        """Write changes if the job has one of the statuses in origin and has not expired; raise Conflict, NotFound."""
        states: dict[str, JsonValue] = {f":from_{state}": state for state in origin}
        try:
            with aws_errors(_SERVICE, conflict=f"job {job_id} is not {' or '.join(origin)}"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key_of(job_id),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                    ConditionExpression=f"#status IN ({', '.join(states)}) AND expires > :now",
                    ExpressionAttributeNames={"#status": "status", **{f"#{name}": name for name in changes}},
                    ExpressionAttributeValues=to_item(
                        {
                            ":now": self._now().timestamp(),
                            **states,
                            **{f":{name}": value for name, value in changes.items()},
                        }
                    ),
                    ReturnValues="ALL_NEW",
                )
        except Conflict:
            self.get(job_id)  # raises NotFound for a job that does not exist
            raise
        return _job_in(answer["Attributes"])[0]


def _key_of(job_id: str) -> "Item":
    return {"pk": _JOBS, "sk": {"S": job_id}}


def _deferred_key(request: TrainingRequest) -> "Item":
    return {"pk": _DEFERRED, "sk": {"S": hashlib.sha256(request.model_dump_json().encode()).hexdigest()}}


def _item_of(job: Job) -> "Item":
    """Encode a queued job as an item of the jobs table, which expires at the job's deadline."""
    return {
        **_key_of(job.job_id),
        **to_item({**job.model_dump(mode="json"), "expires": job.deadline.timestamp()}),
    }


def _job_in(item: "Item") -> tuple[Job, datetime]:
    """Decode an item of a job to the job and the moment when it expires; raise Unreadable."""
    key = f"job/{item['sk'].get('S')}"
    try:
        job = Job.model_validate(from_item({name: item[name] for name in Job.model_fields if name in item}))
        if job.job_id != item["sk"].get("S"):
            raise ValueError(f"the item names job {job.job_id!r}")
        return job, datetime.fromtimestamp(float(item["expires"]["N"]), UTC)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise Unreadable(key, error) from error
