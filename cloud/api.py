"""The client of a running API for the command line. It turns problem documents into `MenagerieError`s."""

from pathlib import Path
from typing import Annotated, Any, Self

import httpx2
import typer

from menagerie.api import read_problem
from menagerie.errors import Conflict, InvalidInput, MenagerieError, NotFound, Unavailable
from menagerie.http_client import http_client

ApiUrl = Annotated[
    str | None,
    typer.Option("--api-url", envvar="MENAGERIE_API_URL", help="Address of another API."),
]
ApiKey = Annotated[str | None, typer.Option("--api-key", envvar="MENAGERIE_API_KEY", help="API key for --api-url.")]

# API Gateway responds with a timeout after 29 seconds.
_TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
_ERRORS: dict[int, type[MenagerieError]] = {403: InvalidInput, 404: NotFound, 409: Conflict, 422: InvalidInput}


class Api:
    """A client with the address and the key of an API."""

    def __init__(self, url: str, key: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        self._url = url
        headers = {"x-api-key": key}
        self._client = http_client(
            url, timeout=_TIMEOUT, base_url=url.rstrip("/"), headers=headers, transport=transport
        )

    @classmethod
    def of(cls, state_dir: Path, stack: str, url: str | None, key: str | None) -> Self:
        """Return a client for a URL and a key or, without both, for the application that `addresses_for` finds."""
        if url is None and key is None:
            from cloud.commands.options import addresses_for

            addresses = addresses_for(state_dir, stack)
            return cls(addresses.api_url, addresses.api_key)
        if not url or not key:
            raise InvalidInput("--api-url and --api-key need each other: give both or neither")
        return cls(url, key)

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return the JSON document of a route.

        Raises InvalidInput, NotFound, Conflict or Unavailable with the detail of the problem document.
        """
        try:
            response = self._client.request(method, path, json=body)
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise InvalidInput(f"{self._url} is not a valid URL: {error}") from error
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"the API at {self._url} does not respond: {reason}") from error
        if response.is_success:
            return _document(response, self._url)
        raise _ERRORS.get(response.status_code, Unavailable)(_reason(response, self._url))


def _document(response: httpx2.Response, url: str) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError as error:
        raise Unavailable(f"the response of {url} is not JSON; is it the address of the API?") from error
    if not isinstance(document, dict):
        raise Unavailable(f"the response of {url} is not a JSON object; is it the address of the API?")
    return document


def _reason(response: httpx2.Response, url: str) -> str:
    problem = read_problem(response.status_code, response.content)
    if problem:
        fields = "; ".join(f"{error.field}: {error.message}" for error in problem.errors or ())
        return f"{problem.detail} {fields}".strip()
    if response.status_code == httpx2.codes.FORBIDDEN:
        return f"the API at {url} rejected the API key"
    return f"the API at {url} responded with status {response.status_code}"
