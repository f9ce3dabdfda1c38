"""HTTP calls to one service: a timeout for each, a log of their durations, failures as `frontend.api.errors`."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx2

import menagerie.http_client
from frontend.api.errors import ServerError, Unreachable, error_from_response
from frontend.api.settings import SettingsMissing
from menagerie.errors import InvalidInput

Parsed = TypeVar("Parsed")

CONNECT_TIMEOUT_S = 3.0
CALLS_KEPT = 5_000


def http_client(base_url: str, *, timeout_s: float, headers: Mapping[str, str] | None = None) -> httpx2.Client:
    """Return an HTTP client with its own connection pool; nothing is sent yet.

    Raises SettingsMissing if the environment names a proxy or certificates that cannot be used.
    """
    try:
        return menagerie.http_client.http_client(
            base_url,
            base_url=base_url,
            headers={"accept": "application/json", **(headers or {})},
            timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        )
    except InvalidInput as error:
        text = str(error)
        raise SettingsMissing(f"{text[0].upper()}{text[1:]}") from error


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `status` is None if there was no response."""

    at: datetime
    route: str
    status: int | None
    milliseconds: float

    @property
    def failed(self) -> bool:
        """Whether there was no response or one of status 500 or above."""
        return self.status is None or self.status >= 500


class Transport:
    """Calls to one service. Every method raises a `frontend.api.errors.ApiError` and nothing else."""

    def __init__(self, http: httpx2.Client, *, service: str = "The API", advice: str | None = None) -> None:
        """Use a client that has the base address; `service` and `advice` appear in the error if it is unavailable."""
        self._http = http
        self._service = service
        self._advice = advice
        # Appending to a deque is atomic, and all sessions of the dashboard share one transport.
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)

    def call(
        self,
        method: str,
        path: str,
        parse: Callable[[bytes], Parsed],
        *,
        route: str = "",
        **options: Any,  # noqa: ANN401
    ) -> Parsed:
        """Send a request and return its parsed body; `route` is the path to log, without ids. `options` are httpx2's.

        Raises ServerError if `parse` raises AttributeError, KeyError, TypeError or ValueError.
        """
        response = self._timed(method, path, route or path, options)
        if not response.is_success:
            raise error_from_response(response)
        try:
            return parse(response.content)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ServerError(f"The response from {self.address} is not in the expected format.") from error

    def calls(self) -> list[Call]:
        """Return the latest `CALLS_KEPT` calls, oldest first."""
        return list(self._calls)

    @property
    def address(self) -> str:
        """The base address, without a slash at the end."""
        return str(self._http.base_url).rstrip("/")

    def _timed(self, method: str, path: str, route: str, options: dict[str, Any]) -> httpx2.Response:
        started = time.monotonic()
        status: int | None = None
        try:
            response = self._http.request(method, path, **options)
            status = response.status_code
        except httpx2.TimeoutException as error:
            raise self._unreachable("does not answer in time") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._unreachable("cannot be reached") from error
        finally:
            milliseconds = (time.monotonic() - started) * 1000
            self._calls.append(Call(datetime.now(UTC), f"{method} {route}", status, milliseconds))
        return response

    def _unreachable(self, problem: str) -> Unreachable:
        return Unreachable(f"{self._service} at {self.address} {problem}.", advice=self._advice)
