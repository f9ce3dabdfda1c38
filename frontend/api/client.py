"""The Menagerie API as methods: typed answers out, one tree of errors, no call without a timeout."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

import httpx2

from frontend.api.call_log import Call
from frontend.api.contract import (
    PAGE_LIMIT,
    Animal,
    Health,
    Prediction,
    PredictionPage,
    TrainingRows,
    parse_answer,
    parse_health,
    parse_page,
    parse_rows,
    parse_stored,
)
from frontend.api.job_contract import Job, TrainingRequest, parse_job, parse_jobs
from frontend.api.metrics_contract import CloudMetrics, parse_metrics
from frontend.api.model_contract import Model, Models, parse_model, parse_models
from frontend.api.settings import Settings
from frontend.api.transport import Transport, http_client

# Questions the page can do without are not waited for as long as an answer somebody asked for.
ASIDE_TIMEOUT_S = 5.0
IDEMPOTENCY_HEADER = "Idempotency-Key"


class ApiClient:
    """The API's routes. Every one of them raises a `frontend.api.errors.ApiError` and nothing else."""

    def __init__(self, http: httpx2.Client) -> None:
        """Use an HTTP client that already knows the base address, the key and the timeout."""
        self._http = http
        self._transport = Transport(http)
        self._call = self._transport.call

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Build a client with connections of its own; nothing is sent yet."""
        return cls(http_client(settings.api_url, timeout_s=settings.timeout_s, x_api_key=settings.api_key))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def calls(self) -> list[Call]:
        """Return the latest calls with their time and status, oldest first."""
        return self._transport.log.calls()

    def health(self) -> Health:
        """Ask whether the API answers and which model is current."""
        return self._call("GET", "/health", parse_health, timeout=self._aside)

    def predict(
        self, animals: Sequence[Animal], *, model_version: str | None = None, idempotency_key: str | None = None
    ) -> list[Prediction]:
        """Classify 1 to 1000 animals with the current model or another; the answers are stored and in the order sent.

        Who asks again with the same key gets the first answer again, and nothing is stored twice.
        """
        body: dict[str, Any] = {"animals": [animal.to_json() for animal in animals]}
        if model_version is not None:
            body["model_version"] = model_version
        headers = {IDEMPOTENCY_HEADER: idempotency_key} if idempotency_key is not None else {}
        return self._call("POST", "/predict", lambda answer: parse_answer(answer, animals), json=body, headers=headers)

    def predictions(
        self,
        *,
        species: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE_LIMIT,
        cursor: str | None = None,
    ) -> PredictionPage:
        """Return a page of stored predictions, newest first; times carry a zone, `limit` is 100 at most."""
        asked = {
            "species": species,
            "from": since.isoformat() if since else None,
            "to": until.isoformat() if until else None,
            "limit": limit,
            "cursor": cursor,
        }
        params = {name: value for name, value in asked.items() if value is not None}
        return self._call("GET", "/predictions", parse_page, params=params)

    def prediction(self, prediction_id: str) -> Prediction:
        """Return one stored prediction; NotFound for an unknown id."""
        path = f"/predictions/{quote(prediction_id, safe='')}"
        return self._call("GET", path, parse_stored, route="/predictions/{id}")

    def give_feedback(self, prediction_id: str, species: str) -> Prediction:
        """Say what a predicted animal truly was; return the prediction with it. NotFound for an unknown id."""
        path = f"/predictions/{prediction_id}/feedback"
        return self._call("PUT", path, parse_stored, route="/predictions/{id}/feedback", json={"species": species})

    def models(self) -> Models:
        """Return all models, newest first, and which one is current."""
        return self._call("GET", "/models", parse_models)

    def model(self, version: str = "current") -> Model:
        """Return what is known of a model; NotFound for a version that does not exist."""
        return self._call("GET", f"/models/{version}", parse_model, route="/models/{version}", timeout=self._aside)

    def training_rows(self, version: str = "current", limit: int = 1000) -> TrainingRows:
        """Return rows that a model was trained from, 5000 at most; NotFound where they were not kept."""
        path = f"/models/{version}/rows"
        return self._call("GET", path, parse_rows, route="/models/{version}/rows", params={"limit": limit})

    def promote(self, version: str) -> str:
        """Make a model the one that answers and return its version; NotFound, or Conflict if it cannot be opened."""
        return self._call("PUT", "/models/current", _version, json={"version": version})

    def retrain(self, request: TrainingRequest) -> Job:
        """Queue a training; Conflict while another one runs."""
        return self._call("POST", "/retrain", parse_job, json=request.to_json())

    def jobs(self, limit: int = 20) -> list[Job]:
        """Return the latest trainings, newest first; `limit` is 100 at most."""
        return self._call("GET", "/retrain", parse_jobs, params={"limit": limit})

    def job(self, job_id: str) -> Job:
        """Return how far a training is; NotFound for an unknown id."""
        return self._call("GET", f"/retrain/{job_id}", parse_job, route="/retrain/{job_id}", timeout=self._aside)

    def metrics(self, since: datetime, until: datetime, period_s: int) -> CloudMetrics:
        """Return what the cloud counted; times carry a zone, 15 days apart at most; the period is whole minutes."""
        params = {"from": since.isoformat(), "to": until.isoformat(), "period": period_s}
        return self._call("GET", "/metrics", parse_metrics, params=params)

    @property
    def _aside(self) -> float:
        return min(ASIDE_TIMEOUT_S, self._http.timeout.read or ASIDE_TIMEOUT_S)


def _version(body: Any) -> str:  # noqa: ANN401
    return str(body["version"])
