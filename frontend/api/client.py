"""The routes of the Menagerie API as methods that send and return the models of `menagerie`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel

from frontend.api.settings import Settings
from frontend.api.transport import Call, Transport, http_client
from menagerie.animal import Animal, Species
from menagerie.api import (
    CloudMetrics,
    Health,
    Models,
    PredictRequest,
    PredictResponse,
    Promoted,
    Promotion,
    TrainingRows,
    TrueSpecies,
)
from menagerie.idempotency import KEY_HEADER
from menagerie.job import Job, Jobs, TrainingRequest
from menagerie.manifest import ModelManifest
from menagerie.prediction import MAX_PAGE, Prediction, PredictionPage

Document = TypeVar("Document", bound=BaseModel)

# For requests whose answer a page can do without.
OPTIONAL_TIMEOUT_S = 5.0


class ApiClient:
    """The API's routes. Every method raises a `frontend.api.errors.ApiError` and nothing else."""

    def __init__(self, http: httpx2.Client) -> None:
        """Use an HTTP client that has the base address, the key and the timeout."""
        self._http = http
        self._transport = Transport(http)

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Return a client with its own connection pool; nothing is sent yet."""
        return cls(http_client(settings.api_url, timeout_s=settings.timeout_s, headers={"x-api-key": settings.api_key}))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def calls(self) -> list[Call]:
        """Return the latest calls with their duration and status, oldest first."""
        return self._transport.calls()

    def health(self) -> Health:
        """Return the version of the current model; raise Busy if predictions cannot be made."""
        return self._call(Health, "GET", "/health", timeout=self._optional_timeout)

    def predict(
        self, animals: Sequence[Animal], *, model_version: str | None = None, idempotency_key: str | None = None
    ) -> list[Prediction]:
        """Classify 1 to 1000 animals with the current model or another; the answers are stored and in the order sent.

        A repeated request with the same key returns the first answer and stores nothing.
        """
        request = PredictRequest(animals=list(animals), model_version=model_version)
        headers = {KEY_HEADER: idempotency_key} if idempotency_key is not None else {}
        return self._transport.call(
            "POST",
            "/predict",
            lambda body: _joined(_read(PredictResponse, body), animals),
            json=_json(request),
            headers=headers,
        )

    def predictions(
        self,
        *,
        species: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = MAX_PAGE,
        cursor: str | None = None,
    ) -> PredictionPage:
        """Return a page of stored predictions, newest first; times have a zone, `limit` is `MAX_PAGE` at most."""
        query = {
            "species": species,
            "from": since.isoformat() if since else None,
            "to": until.isoformat() if until else None,
            "limit": limit,
            "cursor": cursor,
        }
        params = {name: value for name, value in query.items() if value is not None}
        return self._call(PredictionPage, "GET", "/predictions", params=params)

    def prediction(self, prediction_id: str) -> Prediction:
        """Return one stored prediction; raise NotFound for an unknown id."""
        path = f"/predictions/{quote(prediction_id, safe='')}"
        return self._call(Prediction, "GET", path, route="/predictions/{id}")

    def give_feedback(self, prediction_id: str, species: str) -> Prediction:
        """Store the true species of a predicted animal and return the prediction; raise NotFound for an unknown id."""
        path = f"/predictions/{prediction_id}/feedback"
        body = _json(TrueSpecies(species=Species(species)))
        return self._call(Prediction, "PUT", path, route="/predictions/{id}/feedback", json=body)

    def models(self) -> Models:
        """Return all models, newest first, and the version of the current one."""
        return self._call(Models, "GET", "/models")

    def model(self, version: str = "current") -> ModelManifest:
        """Return the manifest of a model; raise NotFound for an unknown version."""
        path = f"/models/{version}"
        return self._call(ModelManifest, "GET", path, route="/models/{version}", timeout=self._optional_timeout)

    def training_rows(self, version: str = "current", limit: int = 1000) -> TrainingRows:
        """Return rows that a model was trained from, 5000 at most; raise NotFound if they were not kept."""
        path = f"/models/{version}/rows"
        return self._call(TrainingRows, "GET", path, route="/models/{version}/rows", params={"limit": limit})

    def promote(self, version: str) -> Promoted:
        """Make a model the current one; raise NotFound for an unknown version, Conflict if it does not verify."""
        return self._call(Promoted, "PUT", "/models/current", json=_json(Promotion(version=version)))

    def retrain(self, request: TrainingRequest) -> Job:
        """Queue a training; raise Conflict while another one runs."""
        return self._call(Job, "POST", "/retrain", json=_json(request))

    def jobs(self, limit: int = 20) -> list[Job]:
        """Return the latest trainings, newest first; `limit` is 100 at most."""
        return self._call(Jobs, "GET", "/retrain", params={"limit": limit}).items

    def job(self, job_id: str) -> Job:
        """Return the state of a training; raise NotFound for an unknown id."""
        path = f"/retrain/{job_id}"
        return self._call(Job, "GET", path, route="/retrain/{job_id}", timeout=self._optional_timeout)

    def metrics(self, since: datetime, until: datetime, period_s: int) -> CloudMetrics:
        """Return CloudWatch's figures; times have a zone, 15 days apart at most; the period is whole minutes."""
        params = {"from": since.isoformat(), "to": until.isoformat(), "period": period_s}
        return self._call(CloudMetrics, "GET", "/metrics", params=params)

    def _call(self, model: type[Document], method: str, path: str, **options: Any) -> Document:  # noqa: ANN401
        return self._transport.call(method, path, lambda body: _read(model, body), **options)

    @property
    def _optional_timeout(self) -> float:
        return min(OPTIONAL_TIMEOUT_S, self._http.timeout.read or OPTIONAL_TIMEOUT_S)


def _read(model: type[Document], body: bytes) -> Document:
    """Validate a document; fields that only a newer API has are ignored at every depth."""
    return model.model_validate_json(body, extra="ignore")


def _json(request: BaseModel) -> object:
    return request.model_dump(mode="json", exclude_none=True)


def _joined(response: PredictResponse, animals: Sequence[Animal]) -> list[Prediction]:
    """Join answers with the animals that were sent, in their order; raise ValueError unless there is one for each."""
    return [
        Prediction(
            created_at=response.created_at,
            animal=animal,
            model_version=response.model_version,
            **answer.model_dump(),
        )
        for answer, animal in zip(response.predictions, animals, strict=True)
    ]
