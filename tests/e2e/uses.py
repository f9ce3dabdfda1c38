"""Operations of the deployed functions that need single permissions; each returns its result."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2

from cloud.clients import Clients
from cloud.deployment import outputs
from menagerie.aws.jobs import DynamoDBJobStore
from menagerie.aws.registry import S3ModelRegistry
from menagerie.errors import Conflict
from menagerie.job import DataServiceSource, DatasetSource, FeedbackSource, JobStatus, TrainingRequest
from menagerie.manifest import Pointer
from tests.e2e.test_routes import ANIMALS, wait_for_job

MISSING = "20200101T000000Z-00000000"
OLD = "20210101T000000Z-00000000"
SMALL = DataServiceSource(number_of_datapoints=300)
DENIED = "AccessDenied"


@dataclass(frozen=True)
class Ran:
    """The result of a training job."""

    status: str
    error: str
    log: str


class Uses:
    """The operations, with the root user's access to bucket and tables for set-up and clean-up."""

    def __init__(self, api: httpx2.Client, clients: Clients) -> None:
        self.api = api
        self._functions = clients.functions
        found = outputs(clients)
        self._retrain, self._train = found["RetrainFunctionName"], found["TrainFunctionName"]
        dynamodb = clients.session.client("dynamodb", endpoint_url=clients.endpoint_url)
        self.jobs = DynamoDBJobStore(dynamodb, found["JobsTableName"], patience=timedelta(minutes=6))
        self.registry = S3ModelRegistry(clients.s3, found["ModelsBucketName"])
        self._files = clients.s3, found["ModelsBucketName"]

    def status(self, method: str, path: str, body: object = None) -> int:
        """Return the status of the response of a route."""
        return self.api.request(method, path, json=body).status_code

    def predict(self) -> int:
        """Request a prediction and return the status."""
        return self.status("POST", "/predict", {"animals": [ANIMALS["dog"]]})

    def prediction(self) -> str:
        """Return the id of a stored prediction."""
        return str(self.api.get("/predictions").json()["items"][0]["id"])

    def promote_another(self) -> int:
        """Promote a model that is not the current one."""
        current = self._pointer().version
        others = [m.version for m in self.registry.manifests() if m.version not in (current, OLD)]
        if not others:
            self.run()
            others = [str(self.jobs.recent(1)[0].model_version)]
        return self.status("PUT", "/models/current", {"version": others[0]})

    def request_job(self) -> tuple[int, str]:
        """Request a training while none runs; return the status of the response and of the job."""
        self.settle()
        before = {job.job_id for job in self.jobs.recent(1)}
        answer = self.status("POST", "/retrain", {"source": SMALL.model_dump(), "promote": "never"})
        made = [job for job in self.jobs.recent(1) if job.job_id not in before]
        if not made:
            return answer, "none"
        return answer, self._end(made[0].job_id) if answer == 202 else str(made[0].status)

    def event(self, source: str) -> str:
        """Invoke the retrain function with an event; return what it reports, or "refused" if it fails."""
        self.settle()
        event = {"source": source, "id": str(uuid4()), "detail": {}}
        answer = self._functions.invoke(FunctionName=self._retrain, Payload=json.dumps(event))
        reported = json.loads(answer["Payload"].read())
        return "refused" if answer.get("FunctionError") else str(reported["done"])

    def request_job_twice(self) -> tuple[int, int]:
        """Request a training twice with one idempotency key; return both statuses."""
        self.settle()
        key = {"Idempotency-Key": str(uuid4())}
        body = {"source": SMALL.model_dump(), "promote": "never"}
        first, second = (self.api.post("/retrain", json=body, headers=key).status_code for _ in range(2))
        return first, second

    def run(self, source: DataServiceSource | DatasetSource | FeedbackSource = SMALL) -> Ran:
        """Run a training job and return its result with the end of its log."""
        self.settle()
        job_id = self.jobs.create(TrainingRequest(source=source, promote="never")).job_id
        answer = self._functions.invoke(
            FunctionName=self._train, Payload=json.dumps({"job_id": job_id}), LogType="Tail"
        )
        job = self.jobs.get(job_id)
        return Ran(job.status, job.error or "", base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))

    def files_of_old_model_after_a_job(self) -> list[str]:
        """Run a job while there is an old model to delete; return the remaining files of that model."""
        pointer = self._pointer()
        self.registry.delete(OLD)
        manifest = self.registry.manifest(pointer.version).model_copy(
            update={"version": OLD, "parent": None, "created_at": datetime(2021, 1, 1, tzinfo=UTC)}
        )
        self.registry.publish(manifest, self.registry.model(pointer.version), b"rows")
        ran = self.run()
        assert ran.status == "succeeded", ran
        client, bucket = self._files
        found = client.list_objects_v2(Bucket=bucket, Prefix=f"models/{OLD}/").get("Contents", [])
        return [each["Key"].rsplit("/", 1)[1] for each in found]

    def settle(self) -> None:
        """Return when no job is open: wait for a running one, fail a queued one that no worker took."""
        for job in self.jobs.recent(1):
            if job.status is JobStatus.RUNNING:
                wait_for_job(self.api, job.job_id)
            elif job.status is JobStatus.QUEUED:
                with suppress(Conflict):
                    self.jobs.fail(job.job_id, "failed by a test")

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Keep one model after a training, and do not retry failed events, while the block runs."""
        variables = self._functions.get_function_configuration(FunctionName=self._train)["Environment"]["Variables"]
        one_model = {**variables, "RETAINED_MODELS": "1"}
        self._functions.update_function_configuration(FunctionName=self._train, Environment={"Variables": one_model})
        # Without its permissions the function fails on the event of a job's end. A retry would disturb another test.
        self._functions.put_function_event_invoke_config(FunctionName=self._retrain, MaximumRetryAttempts=0)
        try:
            yield
        finally:
            self._functions.delete_function_event_invoke_config(FunctionName=self._retrain)
            self._functions.update_function_configuration(
                FunctionName=self._train, Environment={"Variables": variables}
            )

    def _end(self, job_id: str) -> str:
        return str(wait_for_job(self.api, job_id)["status"])

    def _pointer(self) -> Pointer:
        pointer = self.registry.current()
        assert pointer is not None
        return pointer


def is_access_denied(error: str) -> bool:
    """Return whether an error is about a missing permission."""
    return DENIED in error
