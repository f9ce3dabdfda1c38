"""What the API takes and tells of trainings, as typed values. Parsing raises KeyError, TypeError or ValueError."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from frontend.api.contract import Json

MAX_DATAPOINTS = 1_000_000
# Numbers beyond this lose digits on their way through a browser.
MAX_SEED = 2**53 - 1
DATA_SERVICE, FEEDBACK, DATASET = SOURCES = ("data-service", "feedback", "dataset")
PROMOTION_RULES = ("if-better", "always", "never")


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train from, and when to promote what comes of it."""

    kind: str = DATA_SERVICE
    promote: str = "if-better"
    seed: int = 42
    number_of_datapoints: int = 1000
    key: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the body of `POST /retrain`."""
        source: dict[str, Any] = {"kind": self.kind}
        if self.kind == DATA_SERVICE:
            source |= {"seed": self.seed, "number_of_datapoints": self.number_of_datapoints}
        elif self.kind == DATASET:
            source |= {"key": self.key}
        return {"source": source, "promote": self.promote}


@dataclass(frozen=True, slots=True)
class Job:
    """One training, from queued to its end."""

    job_id: str
    status: str
    source_kind: str
    promote: str
    created_at: datetime
    stage: str | None = None
    progress: float = 0.0
    model_version: str | None = None
    accuracy: float | None = None
    promoted: bool | None = None
    reason: str | None = None
    error: str | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in {"queued", "running"}


def parse_jobs(body: Json) -> list[Job]:
    """Read the answer of `GET /retrain`, newest first."""
    return [parse_job(item) for item in body["items"]]


def parse_job(body: Json) -> Job:
    """Read a job."""
    request, metrics, finished = body["request"], body.get("metrics"), body.get("finished_at")
    return Job(
        job_id=str(body["job_id"]),
        status=str(body["status"]),
        source_kind=str(request["source"]["kind"]),
        promote=str(request["promote"]),
        created_at=datetime.fromisoformat(body["created_at"]),
        stage=_text(body.get("stage")),
        progress=min(max(float(body.get("progress", 0.0)), 0.0), 1.0),
        model_version=_text(body.get("model_version")),
        accuracy=float(metrics["accuracy"]) if metrics else None,
        promoted=body.get("promoted"),
        reason=_text(body.get("reason")),
        error=_text(body.get("error")),
        finished_at=datetime.fromisoformat(finished) if finished else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
