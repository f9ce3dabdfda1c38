"""Fetches rows from a data service, in chunks, with limits on time and size, and with retries.

The service is not trusted: redirects are not followed, and no error text repeats a response, since everyone who may
read jobs sees a job's error.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator

import anyio
import httpx2
from anyio.from_thread import start_blocking_portal

from menagerie.errors import InvalidInput, Unavailable
from menagerie.http_client import async_http_client
from menagerie.job import DataServiceSource
from training.rows import AnimalRows, joined, validate

DATA_PATH = "/api/v1/animals/data"
ROWS_PER_REQUEST = 20_000
TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
WAITS = (0.5, 1.0, 2.0)
"""Seconds between attempts."""
RESPONSE_SECONDS = 40.0
"""Time for one response, from the connection to its last byte."""
FETCH_SECONDS = 300.0
"""Time for all responses together."""
TOO_MANY_REQUESTS = 429
# A row takes some 100 bytes of JSON, so one chunk has 2 MB.
MAX_RESPONSE_BYTES = 32 * 1024 * 1024


def fetch(
    url: str,
    source: DataServiceSource,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    fetched: Callable[[float], None] = lambda _share: None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    response_seconds: float = RESPONSE_SECONDS,
    fetch_seconds: float = FETCH_SECONDS,
) -> AnimalRows:
    """Return the rows of a data service for a seed; `fetched` is called after each chunk with the share received.

    The service takes a seed for each request, so each chunk has a seed derived from the given one. Up to
    ROWS_PER_REQUEST rows equal the response to a single request, and a larger number of rows continues a smaller one.

    Raises Unavailable if the service does not respond in time, InvalidInput if the response violates the contract.
    """

    async def all_chunks() -> list[AnimalRows]:
        parts = []
        async with async_http_client(url, timeout=TIMEOUT, transport=transport) as session:
            for first, seed, count in chunks(source):
                sent = await _request(session, url.rstrip("/") + DATA_PATH, seed, count, sleep, response_seconds)
                parts.append(validate(sent, first_line=first + 1))
                fetched((first + count) / source.number_of_datapoints)
        return parts

    async def in_time() -> list[AnimalRows]:
        try:
            with anyio.fail_after(fetch_seconds):
                return await all_chunks()
        except TimeoutError as error:
            raise Unavailable(
                f"the data service at {url} did not send {source.number_of_datapoints} rows within "
                f"{fetch_seconds:g} seconds"
            ) from error

    # In another thread, because a notebook has a running event loop in this one.
    with start_blocking_portal() as portal:
        rows = joined(portal.call(in_time))
    if not len(rows.matrix):
        raise InvalidInput(f"the data service at {url} sent no valid animal; {rows.refusals[0]}")
    return rows


def chunks(source: DataServiceSource) -> Iterator[tuple[int, int, int]]:
    """Yield the index of the first row, the seed and the number of rows of each request."""
    for first in range(0, source.number_of_datapoints, ROWS_PER_REQUEST):
        seed = source.seed if first == 0 else _derived_seed(source.seed, first // ROWS_PER_REQUEST)
        yield first, seed, min(ROWS_PER_REQUEST, source.number_of_datapoints - first)


def _derived_seed(seed: int, chunk: int) -> int:
    # Not seed + chunk: seeds 42 and 43 would share most of their rows. 31 bits suit any service's integers.
    return int.from_bytes(hashlib.sha256(f"{seed}/{chunk}".encode()).digest()[:4]) >> 1


async def _request(
    session: httpx2.AsyncClient,
    url: str,
    seed: int,
    count: int,
    sleep: Callable[[float], Awaitable[None]],
    response_seconds: float,
) -> list[object]:
    body = {"seed": seed, "number_of_datapoints": count}
    problem = ""
    for wait in (*WAITS, None):
        try:
            with anyio.fail_after(response_seconds):
                async with session.stream("POST", url, json=body) as response:
                    content = await _content(response, url, count)
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise InvalidInput(f"{url} is no address of a data service: {error}") from error
        except (httpx2.ProtocolError, httpx2.DecodingError):
            problem = "its response is not valid HTTP"
        except httpx2.HTTPError as error:
            problem = str(error) or type(error).__name__
        except TimeoutError:
            problem = f"no complete response within {response_seconds:g} seconds"
        else:
            if not (response.is_server_error or response.status_code == TOO_MANY_REQUESTS):
                return _rows(response, content, url, count)
            problem = f"status {response.status_code}"
        if wait is not None:
            await sleep(wait)
    raise Unavailable(f"the data service at {url} does not respond: {problem}")


async def _content(response: httpx2.Response, url: str, count: int) -> bytes:
    """Return the body of a response; raise InvalidInput if it is larger than MAX_RESPONSE_BYTES."""
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > MAX_RESPONSE_BYTES:
            raise InvalidInput(
                f"the data service at {url} sent more than {MAX_RESPONSE_BYTES // 1024**2} MiB for {count} rows"
            )
    return bytes(content)


def _rows(response: httpx2.Response, content: bytes, url: str, count: int) -> list[object]:
    if response.is_redirect:
        raise InvalidInput(
            f"the data service at {url} redirects with status {response.status_code}, and redirects are not followed: "
            "use the address that it redirects to"
        )
    if not response.is_success:
        raise InvalidInput(f"the data service at {url} refused the request with status {response.status_code}")
    try:
        rows = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the data service at {url} did not send valid JSON") from error
    if not isinstance(rows, list):
        raise InvalidInput(f"the data service at {url} sent {type(rows).__name__} instead of a list of rows")
    if len(rows) != count:
        raise InvalidInput(f"the data service at {url} sent {len(rows)} rows, {count} were requested")
    return rows


def _refuse(_constant: str) -> None:
    """Reject NaN and infinities, which are not JSON but which `json` accepts."""
    raise ValueError("no JSON")
