"""Fetching from a data service: chunks, seeds, retries, limits, and services that violate the contract."""

import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress

import httpx2
import numpy as np
import pytest

from data_service.app import create_app
from data_service.generator import rows
from menagerie.errors import InvalidInput, Unavailable
from menagerie.job import DataServiceSource
from training.data_source import MAX_RESPONSE_BYTES, ROWS_PER_REQUEST, WAITS, chunks, fetch

URL = "http://testserver"
ROW = {"walks_on_n_legs": 4, "height": 0.5, "weight": 25.0, "has_wings": False, "has_tail": True}


def responding(handler: Callable[[httpx2.Request], httpx2.Response]) -> httpx2.AsyncBaseTransport:
    return httpx2.MockTransport(handler)


def always(response: httpx2.Response) -> httpx2.AsyncBaseTransport:
    return responding(lambda _: httpx2.Response(response.status_code, content=response.content))


def our_service() -> httpx2.AsyncBaseTransport:
    return httpx2.ASGITransport(create_app(["testserver"]))


async def no_wait(_: float) -> None:
    """Return at once."""


def recording(waited: list[float]) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    return sleep


def test_rows_of_one_chunk_equal_those_of_a_single_request() -> None:
    fetched = fetch(URL, DataServiceSource(seed=42, number_of_datapoints=300), transport=our_service())
    assert np.array_equal(fetched.matrix, np.array(list(rows(42, 300)), dtype=np.float32))


def test_chunks_cover_the_rows_with_different_seeds() -> None:
    planned = list(chunks(DataServiceSource(seed=42, number_of_datapoints=2 * ROWS_PER_REQUEST + 5)))
    assert [(first, count) for first, _, count in planned] == [
        (0, ROWS_PER_REQUEST),
        (ROWS_PER_REQUEST, ROWS_PER_REQUEST),
        (2 * ROWS_PER_REQUEST, 5),
    ]
    seeds = [seed for _, seed, _ in planned]
    assert seeds[0] == 42
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert planned == list(chunks(DataServiceSource(seed=42, number_of_datapoints=2 * ROWS_PER_REQUEST + 5)))


def test_neighbouring_seeds_share_no_chunk() -> None:
    n = 5 * ROWS_PER_REQUEST
    here, there = ({seed for _, seed, _ in chunks(DataServiceSource(seed=s, number_of_datapoints=n))} for s in (42, 43))
    assert not here & there


def test_a_larger_number_of_rows_continues_a_smaller_one_across_chunks() -> None:
    few, many = (
        fetch(URL, DataServiceSource(seed=1, number_of_datapoints=n), transport=our_service())
        for n in (ROWS_PER_REQUEST + 10, ROWS_PER_REQUEST + 50)
    )
    assert (many.matrix[: ROWS_PER_REQUEST + 10] == few.matrix).all()


def test_progress_is_reported_after_each_chunk() -> None:
    reported: list[float] = []
    source = DataServiceSource(number_of_datapoints=2 * ROWS_PER_REQUEST)
    fetch(URL, source, transport=our_service(), fetched=reported.append)
    assert reported == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failed_request_is_repeated_after_increasing_waits(status: int) -> None:
    responses = iter([httpx2.Response(status), httpx2.Response(status), httpx2.Response(200, json=[ROW])])
    waited: list[float] = []
    source = DataServiceSource(number_of_datapoints=1)
    fetched = fetch(URL, source, transport=responding(lambda _: next(responses)), sleep=recording(waited))
    assert len(fetched.matrix) == 1
    assert waited == list(WAITS[:2])


def test_an_unreachable_service_is_named_in_one_line() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused", request=request)

    waited: list[float] = []
    with pytest.raises(Unavailable, match=r"http://nowhere:1/\S+ does not respond: Connection refused$") as caught:
        fetch("http://nowhere:1/", DataServiceSource(), transport=responding(refuse), sleep=recording(waited))
    assert "\n" not in str(caught.value)
    assert waited == list(WAITS)


def test_a_timeout_counts_as_no_response() -> None:
    def hang(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("", request=request)

    with pytest.raises(Unavailable, match="ReadTimeout"):
        fetch(URL, DataServiceSource(), transport=responding(hang), sleep=no_wait)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx2.Response(404, text="secret"), "refused the request with status 404$"),
        (httpx2.Response(422, text="secret"), "refused the request with status 422$"),
        (httpx2.Response(302, headers={"location": "http://secret"}), "redirects with status 302"),
        (httpx2.Response(200, text="<secret>"), "did not send valid JSON$"),
        (httpx2.Response(200, text="[" * 1_000_000), "did not send valid JSON$"),
        (httpx2.Response(200, text='[{"secret":' * 100_000), "did not send valid JSON$"),
        (httpx2.Response(200, text='[{"height": NaN}]'), "did not send valid JSON$"),
        (httpx2.Response(200, json={"secret": []}), "sent dict instead of a list of rows$"),
        (httpx2.Response(200, json=[ROW]), "sent 1 rows, 2 were requested$"),
        (httpx2.Response(200, json=[{"legs": 4}] * 2), "sent no valid animal; line 1: walks_on_n_legs: field required"),
        (httpx2.Response(200, json=["secret"] * 2), "sent no valid animal; line 1: row: input should be a valid dict"),
        (httpx2.Response(200, json=[{**ROW, "secret": "secret"}] * 2), "line 1: another field: extra inputs"),
        (
            httpx2.Response(200, json=[{**ROW, "height": "secret"}] * 2),
            "line 1: height: input should be a valid number",
        ),
    ],
    ids=lambda value: None if isinstance(value, httpx2.Response) else value[:60],
)
def test_a_violation_of_the_contract_is_invalid_input_without_text_of_the_response(
    response: httpx2.Response, message: str
) -> None:
    service = responding(
        lambda _: httpx2.Response(response.status_code, headers=response.headers, content=response.content)
    )
    with pytest.raises(InvalidInput, match=message) as caught:
        fetch(URL, DataServiceSource(number_of_datapoints=2), transport=service, sleep=no_wait)
    assert "secret" not in str(caught.value)


def test_invalid_http_is_not_repeated_in_the_error() -> None:
    def garbled(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.RemoteProtocolError("illegal status line: secret", request=request)

    with pytest.raises(Unavailable, match=r"does not respond: its response is not valid HTTP$"):
        fetch(URL, DataServiceSource(), transport=responding(garbled), sleep=no_wait)


def test_a_redirect_is_not_followed() -> None:
    hosts: list[str] = []

    def redirect(request: httpx2.Request) -> httpx2.Response:
        hosts.append(request.url.host)
        return httpx2.Response(307, headers={"location": "http://169.254.169.254/latest/meta-data"})

    with pytest.raises(InvalidInput, match="redirects are not followed"):
        fetch(URL, DataServiceSource(), transport=responding(redirect), sleep=no_wait)
    assert hosts == ["testserver"]


def test_an_endless_response_is_aborted_at_the_limit() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1024**2

    service = responding(lambda _: httpx2.Response(200, content=endless()))
    with pytest.raises(InvalidInput, match=f"sent more than {MAX_RESPONSE_BYTES // 1024**2} MiB for 2 rows"):
        fetch(URL, DataServiceSource(number_of_datapoints=2), transport=service, sleep=no_wait)


class SlowService:
    """A service that sends single bytes without end, of its body or of its header."""

    def __init__(self, first: bytes) -> None:
        self._first = first
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            self.requests += 1
            self._threads.append(threading.Thread(target=self._send_slowly, args=(connection,)))
            self._threads[-1].start()

    def _send_slowly(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(self._first)
            while not self._ended.wait(0.01):
                connection.sendall(b"x")

    def end(self) -> None:
        self._ended.set()
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()


@pytest.fixture(params=["body", "header"])
def slow(request: pytest.FixtureRequest) -> Iterator[SlowService]:
    endless_body = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n["
    service = SlowService(endless_body if request.param == "body" else b"HTTP/1.1 200 OK\r\nx-")
    yield service
    service.end()


def test_a_response_that_takes_too_long_is_aborted(slow: SlowService) -> None:
    with pytest.raises(Unavailable, match=r"does not respond: no complete response within 0\.2 seconds$"):
        fetch(slow.url, DataServiceSource(), sleep=no_wait, response_seconds=0.2)
    assert slow.requests == len(WAITS) + 1


def test_all_requests_together_have_a_time_limit(slow: SlowService) -> None:
    with pytest.raises(Unavailable, match=r"did not send 1000 rows within 0\.3 seconds$"):
        fetch(slow.url, DataServiceSource(), sleep=no_wait, fetch_seconds=0.3)


@pytest.mark.parametrize("url", ["ftp://example.org", "no address", ""])
def test_an_invalid_address_is_invalid_input(url: str) -> None:
    with pytest.raises(InvalidInput, match="is no address of a data service"):
        fetch(url, DataServiceSource(), sleep=no_wait)


def test_refusals_count_lines_over_all_chunks() -> None:
    def one_bad_row(request: httpx2.Request) -> httpx2.Response:
        sent = [ROW] * json.loads(request.content)["number_of_datapoints"]
        return httpx2.Response(200, json=[*sent[:-1], {**ROW, "height": -1}])

    source = DataServiceSource(number_of_datapoints=ROWS_PER_REQUEST + 3)
    fetched = fetch(URL, source, transport=responding(one_bad_row))
    assert fetched.refused == 2
    assert [refusal.line for refusal in fetched.refusals] == [ROWS_PER_REQUEST, ROWS_PER_REQUEST + 3]
