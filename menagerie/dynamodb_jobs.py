"""The job store on DynamoDB: one partition of jobs that sort by time, and the name of the latest.

| pk     | sk     | what                                                                                   |
|--------|--------|----------------------------------------------------------------------------------------|
| job    | job id | a job; `expires` repeats its deadline as seconds, for conditions                       |
| latest | latest | `job_id` of the latest job; who creates the next one must replace exactly the one seen |
| waiting | digest | a request that waits until no job runs, see `dynamodb_waiting`                        |
| key#…  | key    | the job that a key queued, as it was then, see `dynamodb_keys`                         |
"""

from typing import TYPE_CHECKING

from pydantic import JsonValue

from menagerie.aws_errors import aws_errors
from menagerie.clock import utc_now
from menagerie.codec import to_attribute
from menagerie.dynamodb_keys import DynamoDBKeys
from menagerie.dynamodb_waiting import DynamoDBWaitingRequests
from menagerie.errors import Conflict, NotFound
from menagerie.job import Job, JobStatus, Stage, TrainingRequest
from menagerie.job_item import PARTITION, from_item, key_of, to_item
from menagerie.job_store import OPEN, as_seen
from menagerie.ulid import is_ulid, new_ulid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from menagerie.idempotency import IdempotencyKey
    from menagerie.manifest import ModelManifest

_LATEST: "AttributeValueTypeDef" = {"S": "latest"}
_SERVICE = "the jobs table"


class DynamoDBJobStore(DynamoDBWaitingRequests):
    """Fills `JobStore`: states move by conditional writes only, so a job that is delivered twice runs once."""

    def __init__(
        self, client: "DynamoDBClient", table: str, *, patience: "timedelta", now: "Callable[[], datetime]" = utc_now
    ) -> None:
        """Take a client, the table's name, how long a job may wait for its worker, and a clock."""
        super().__init__(client, table)
        self._patience = patience
        self._now = now
        self._keys = DynamoDBKeys(client, table, _SERVICE)

    def create(self, request: TrainingRequest, key: "IdempotencyKey | None" = None) -> Job:
        """Queue a job; raise Conflict, naming the other, while one is queued or running; see `JobStore.create`."""
        try:
            return self._create(request, key)
        except Conflict:
            # The other one may be this very request, sent twice.
            first = self.accepted(key) if key else None
            if first is None:
                raise
            return first

    def accepted(self, key: "IdempotencyKey") -> Job | None:
        """Return the job that was queued under a key, as it was then, or None; raise KeyReused."""
        document = self._keys.find(key, self._now())
        return Job.model_validate_json(document) if document else None

    def forget(self, key: "IdempotencyKey") -> None:
        """Let a key be used anew."""
        self._keys.forget(key)

    def _create(self, request: TrainingRequest, key: "IdempotencyKey | None") -> Job:
        latest = next(iter(self.recent(1)), None)
        if latest and latest.status in OPEN:
            raise Conflict(f"job {latest.job_id} is {latest.status} and one job runs at a time")
        now = self._now()
        job = Job(
            job_id=new_ulid(now),
            status=JobStatus.QUEUED,
            request=request,
            created_at=now,
            deadline=now + self._patience,
        )
        with aws_errors(_SERVICE, conflict="another job was queued at the same moment"):
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": {"pk": _LATEST, "sk": _LATEST, "job_id": {"S": job.job_id}},
                            "ConditionExpression": "attribute_not_exists(pk) OR job_id = :seen",
                            "ExpressionAttributeValues": {":seen": {"S": latest.job_id if latest else ""}},
                        }
                    },
                    {"Put": {"TableName": self._table, "Item": to_item(job)}},
                    *([self._keys.put(key, job.model_dump_json(), now)] if key else []),
                ]
            )
        return job

    def get(self, job_id: str) -> Job:
        """Return a job as it stands; raise NotFound."""
        item = None
        if is_ulid(job_id):
            with aws_errors(_SERVICE):
                item = self._client.get_item(TableName=self._table, Key=key_of(job_id), ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound("there is no such job")
        return as_seen(from_item(item), self._now())

    def recent(self, limit: int) -> list[Job]:
        """Return up to `limit` jobs, newest first."""
        with aws_errors(_SERVICE):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :job",
                ExpressionAttributeValues={":job": PARTITION},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
            )
        return [as_seen(from_item(item), self._now()) for item in answer["Items"]]

    def start(self, job_id: str, deadline: "datetime") -> Job:
        """Move a queued job to running, to be done by a deadline; raise Conflict if it is not queued, NotFound."""
        changes: dict[str, JsonValue] = {
            "status": JobStatus.RUNNING,
            "started_at": self._now().isoformat(),
            "deadline": deadline.isoformat(),
            "expires": deadline.timestamp(),
        }
        return self._move(job_id, (JobStatus.QUEUED,), changes)

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
        """Write changes if the job is in one of the states of origin and its deadline has not passed."""
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
        return from_item(answer["Attributes"])
