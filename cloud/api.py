"""The API as the command line speaks to it: errors are words of this application, one line each."""

from pathlib import Path
from typing import Annotated, Any, Self

import httpx2
import typer

from menagerie.api import read_problem
from menagerie.errors import Conflict, InvalidInput, MenagerieError, NotFound, Unavailable
from menagerie.http_client import http_client

ApiUrl = Annotated[str | None, typer.Option("--api-url", envvar="MENAGERIE_API_URL", help="Instead of what is up.")]
ApiKey = Annotated[str | None, typer.Option("--api-key", envvar="MENAGERIE_API_KEY", help="Key of that API.")]

# API Gateway gives up after 29 seconds.
_TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
_ERRORS: dict[int, type[MenagerieError]] = {403: InvalidInput, 404: NotFound, 409: Conflict, 422: InvalidInput}


class Api:
    """A running API and its key."""

    def __init__(self, url: str, key: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        self._url = url
        headers = {"x-api-key": key}
        self._client = http_client(
            url, timeout=_TIMEOUT, base_url=url.rstrip("/"), headers=headers, transport=transport
        )

    @classmethod
    def of(cls, state_dir: Path, stack: str, url: str | None, key: str | None) -> Self:
        """Return the API at an address, or else that of `cloud.commands.options.addresses_for`."""
        if url is None and key is None:
            from cloud.commands.options import addresses_for

            addresses = addresses_for(state_dir, stack)
            return cls(addresses.api_url, addresses.api_key)
        if not url or not key:
            raise InvalidInput("--api-url and --api-key belong together: give both or none")
        return cls(url, key)

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return what a route answers; raise what its error means, with the detail that the API gives."""
        try:
            answer = self._client.request(method, path, json=body)
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise InvalidInput(f"{self._url} is no address of an API: {error}") from error
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"the API at {self._url} does not answer: {reason}") from error
        if answer.is_success:
            return _document(answer, self._url)
        raise _ERRORS.get(answer.status_code, Unavailable)(_reason(answer, self._url))


def _document(answer: httpx2.Response, url: str) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError as error:
        raise Unavailable(f"{url} did not answer with JSON; is it the API?") from error
    if not isinstance(document, dict):
        raise Unavailable(f"{url} did not answer with a document; is it the API?")
    return document


def _reason(answer: httpx2.Response, url: str) -> str:
    problem = read_problem(answer.status_code, answer.content)
    if problem:
        fields = "; ".join(f"{each.field}: {each.message}" for each in problem.errors or ())
        return f"{problem.detail} {fields}".strip()
    if answer.status_code == httpx2.codes.FORBIDDEN:
        return f"the API at {url} refused the key"
    return f"the API at {url} answered with status {answer.status_code}"
