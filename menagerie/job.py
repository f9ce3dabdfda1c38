"""A training job: its request, its progress and its result."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from menagerie.animal import JSON_INTEGER
from menagerie.manifest import Metrics

MAX_DATAPOINTS = 1_000_000
MAX_SEED = 2**63 - 1


class JobStatus(StrEnum):
    """The status of a job; it changes in this order and never back, and a queued job may fail."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Stage(StrEnum):
    """The stages of a training, in this order."""

    FETCHING = "fetching"
    VALIDATING = "validating"
    LABELLING = "labelling"
    FITTING = "fitting"
    EVALUATING = "evaluating"
    EXPORTING = "exporting"
    PUBLISHING = "publishing"


def _kind_is_required(schema: dict[str, Any]) -> None:
    """Require `kind` in the JSON schema; only Python code may leave it out."""
    schema["properties"]["kind"].pop("default", None)
    schema["required"] = sorted({"kind", *schema.get("required", [])}, key=list(schema["properties"]).index)


class DataServiceSource(BaseModel):
    """Rows fetched from the data service."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_kind_is_required)

    kind: Literal["data-service"] = "data-service"
    seed: Annotated[int, Field(strict=True, ge=-MAX_SEED, le=MAX_SEED), JSON_INTEGER] = 42
    number_of_datapoints: Annotated[int, Field(strict=True, gt=0, le=MAX_DATAPOINTS), JSON_INTEGER] = 1000


class FeedbackSource(BaseModel):
    """The rows of the current model, and the predictions that have feedback."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_kind_is_required)

    kind: Literal["feedback"] = "feedback"


class DatasetSource(BaseModel):
    """Rows of a CSV file in the models bucket."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_kind_is_required)

    kind: Literal["dataset"] = "dataset"
    key: Annotated[
        str, Field(pattern=r"^datasets/[^\x00-\x1f]+\.[cC][sS][vV]$", max_length=1024, examples=["datasets/zoo.csv"])
    ]


Source = Annotated[DataServiceSource | FeedbackSource | DatasetSource, Field(discriminator="kind")]
PromotionRule = Literal["if-better", "always", "never"]


class TrainingRequest(BaseModel):
    """The rows to train on, and whether to promote the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = DataServiceSource()
    promote: PromotionRule = "if-better"


class Job(BaseModel):
    """One training job."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    status: JobStatus
    request: TrainingRequest
    stage: Stage | None = None
    progress: Annotated[float, Field(ge=0, le=1)] = 0.0
    model_version: str | None = None
    metrics: Metrics | None = None
    promoted: bool | None = None
    reason: Annotated[str | None, Field(description="Why the model was or was not promoted.")] = None
    error: Annotated[str | None, Field(description="Why the job failed.")] = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deadline: Annotated[datetime, Field(description="Latest time at which an unfinished job counts as failed.")]

    @property
    def ended(self) -> bool:
        """Whether the job has succeeded or failed."""
        return self.status in (JobStatus.SUCCEEDED, JobStatus.FAILED)


class Jobs(BaseModel):
    """Training jobs, newest first."""

    items: list[Job]
