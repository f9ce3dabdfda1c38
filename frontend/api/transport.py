"""One HTTP call: with a timeout, a duration on record, and failures as `frontend.api.errors`."""

import ipaddress
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from frontend.api.call_log import CallLog
from frontend.api.errors import Rejected, ServerError, Unreachable, error_from_response
from frontend.api.settings import SettingsMissing

Parsed = TypeVar("Parsed")

CONNECT_TIMEOUT_S = 3.0


def http_client(base_url: str, *, timeout_s: float, **headers: str) -> httpx2.Client:
    """Build an HTTP client with connections of its own; nothing is sent yet.

    Raises SettingsMissing for a proxy or certificates in the environment that cannot be used.
    """
    try:
        return httpx2.Client(
            base_url=base_url,
            headers={"accept": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}},
            timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            # Without TLS there is no certificate to check, and loading the authorities takes 0.3 s.
            verify=urlsplit(base_url).scheme != "http",
            # A proxy from the environment cannot reach this machine's own loopback.
            trust_env=not _is_loopback(base_url),
        )
    except (ImportError, OSError, ValueError) as error:
        raise SettingsMissing(f"The proxy or the certificates in the environment cannot be used: {error}") from error


class Transport:
    """Calls to one service. Every one of them raises a `frontend.api.errors.ApiError` and nothing else."""

    def __init__(self, http: httpx2.Client, *, service: str = "The API", advice: str | None = None) -> None:
        """Use a client that knows the address; `service` and `advice` are what a visitor reads when it is away."""
        self.http = http
        self.log = CallLog()
        self._service = service
        self._advice = advice

    def call(
        self,
        method: str,
        path: str,
        parse: Callable[[Any], Parsed],
        *,
        route: str = "",
        **options: Any,  # noqa: ANN401
    ) -> Parsed:
        """Send, check and parse; `route` is the path without what names one thing, for the log."""
        response = self._timed(method, path, route or path, options)
        if not response.is_success:
            raise error_from_response(response)
        try:
            return parse(response.json())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ServerError(f"What answers at {self.address} does not speak this application's language.") from error

    @property
    def address(self) -> str:
        """Where the service is, without a slash at the end."""
        return str(self.http.base_url).rstrip("/")

    def _timed(self, method: str, path: str, route: str, options: dict[str, Any]) -> httpx2.Response:
        began = time.monotonic()
        status: int | None = None
        try:
            response = self.http.request(method, path, **options)
            status = response.status_code
        except httpx2.TimeoutException as error:
            raise self._unreachable("does not answer in time") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._unreachable("cannot be reached") from error
        except ValueError as error:
            raise Rejected("What was entered holds something that is no number.") from error
        finally:
            self.log.add(f"{method} {route}", status, (time.monotonic() - began) * 1000)
        return response

    def _unreachable(self, how: str) -> Unreachable:
        return Unreachable(f"{self._service} at {self.address} {how}.", advice=self._advice)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
