"""HTTP to the Menagerie API, and nothing else: typed answers out, one tree of errors, no call without a timeout."""

import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx2

from frontend.contract import (
    PAGE_LIMIT,
    Animal,
    Health,
    Json,
    Model,
    Prediction,
    PredictionPage,
    parse_answer,
    parse_health,
    parse_model,
    parse_page,
)
from frontend.errors import Rejected, ServerError, Unreachable, error_from_response
from frontend.settings import Settings

Parsed = TypeVar("Parsed")

CONNECT_TIMEOUT_S = 3.0
# Questions the page can do without are not waited for as long as an answer somebody asked for.
ASIDE_TIMEOUT_S = 5.0


class ApiClient:
    """The API as methods. Every one of them raises a `frontend.errors.ApiError` and nothing else."""

    def __init__(self, http: httpx2.Client) -> None:
        """Use an HTTP client that already knows the base address, the key and the timeout."""
        self._http = http

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Build a client with connections of its own; nothing is sent yet."""
        return cls(
            httpx2.Client(
                base_url=settings.api_url,
                headers={"x-api-key": settings.api_key, "accept": "application/json"},
                timeout=httpx2.Timeout(settings.timeout_s, connect=min(CONNECT_TIMEOUT_S, settings.timeout_s)),
                # Without TLS there is no certificate to check, and loading the authorities takes 0.3 s.
                verify=urlsplit(settings.api_url).scheme != "http",
                # A proxy from the environment cannot reach this machine's own loopback.
                trust_env=not _is_loopback(settings.api_url),
            )
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def health(self) -> Health:
        """Ask whether the API answers and which model is current."""
        return self._call("GET", "/health", parse_health, timeout=self._aside)

    def model(self, version: str = "current") -> Model:
        """Return what is known of a model; NotFound for a version that does not exist."""
        return self._call("GET", f"/models/{version}", parse_model, timeout=self._aside)

    def predict(self, animals: Sequence[Animal]) -> list[Prediction]:
        """Classify 1 to 1000 animals with the current model; the answers are stored and in the order sent."""
        body = {"animals": [animal.to_json() for animal in animals]}
        return self._call("POST", "/predict", lambda answer: parse_answer(answer, animals), json=body)

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

    def _call(self, method: str, path: str, parse: Callable[[Json], Parsed], **options: Any) -> Parsed:  # noqa: ANN401
        try:
            response = self._http.request(method, path, **options)
        except httpx2.TimeoutException as error:
            raise Unreachable(f"The API at {self._address} does not answer in time.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable(f"The API at {self._address} cannot be reached.") from error
        except ValueError as error:
            raise Rejected("What was entered holds something that is no number.") from error
        if not response.is_success:
            raise error_from_response(response)
        try:
            return parse(response.json())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ServerError(f"What answers at {self._address} does not speak this application's language.") from error

    @property
    def _aside(self) -> float:
        return min(ASIDE_TIMEOUT_S, self._http.timeout.read or ASIDE_TIMEOUT_S)

    @property
    def _address(self) -> str:
        return str(self._http.base_url).rstrip("/")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
