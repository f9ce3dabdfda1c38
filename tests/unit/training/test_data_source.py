"""Fetching from a data service: chunks, seeds, retries, and services that do not keep their contract."""

import json
from collections.abc import Callable, Iterator

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from menagerie.errors import InvalidInput, Unavailable
from menagerie.job import DataServiceSource
from training.data_service.app import create_app
from training.data_service.generator import rows
from training.data_source import MAX_ANSWER_BYTES, ROWS_PER_REQUEST, WAITS, chunks, fetch

URL = "http://testserver"
ROW = {"walks_on_n_legs": 4, "height": 0.5, "weight": 25.0, "has_wings": False, "has_tail": True}


def answering(handler: Callable[[httpx2.Request], httpx2.Response]) -> httpx2.Client:
    return httpx2.Client(transport=httpx2.MockTransport(handler))


def always(answer: httpx2.Response) -> httpx2.Client:
    return answering(lambda _: httpx2.Response(answer.status_code, content=answer.content))


def test_rows_up_to_one_chunk_are_what_one_plain_request_gives() -> None:
    fetched = fetch(URL, DataServiceSource(seed=42, number_of_datapoints=300), client=TestClient(create_app()))
    assert np.array_equal(fetched.matrix, np.array(list(rows(42, 300)), dtype=np.float32))


def test_chunks_cover_the_rows_each_with_a_seed_of_its_own() -> None:
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


def test_more_rows_continue_fewer_across_chunks() -> None:
    client = TestClient(create_app())
    few, many = (
        fetch(URL, DataServiceSource(seed=1, number_of_datapoints=n), client=client)
        for n in (ROWS_PER_REQUEST + 10, ROWS_PER_REQUEST + 50)
    )
    assert (many.matrix[: ROWS_PER_REQUEST + 10] == few.matrix).all()


def test_progress_is_told_after_each_chunk() -> None:
    told: list[float] = []
    source = DataServiceSource(number_of_datapoints=2 * ROWS_PER_REQUEST)
    fetch(URL, source, client=TestClient(create_app()), fetched=told.append)
    assert told == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_recovers_is_asked_again_after_a_growing_wait(status: int) -> None:
    answers = iter([httpx2.Response(status), httpx2.Response(status), httpx2.Response(200, json=[ROW])])
    waited: list[float] = []
    source = DataServiceSource(number_of_datapoints=1)
    fetched = fetch(URL, source, client=answering(lambda _: next(answers)), sleep=waited.append)
    assert len(fetched.matrix) == 1
    assert waited == list(WAITS[:2])


def test_a_dead_service_is_named_in_one_line() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("Connection refused", request=request)

    waited: list[float] = []
    with pytest.raises(Unavailable, match=r"http://nowhere:1/\S+ does not answer: Connection refused$") as caught:
        fetch("http://nowhere:1/", DataServiceSource(), client=answering(refuse), sleep=waited.append)
    assert "\n" not in str(caught.value)
    assert waited == list(WAITS)


def test_a_timeout_is_a_dead_service_too() -> None:
    def hang(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("", request=request)

    with pytest.raises(Unavailable, match="ReadTimeout"):
        fetch(URL, DataServiceSource(), client=answering(hang), sleep=lambda _: None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx2.Response(404, text="Not Found"), "refused the request with status 404: Not Found"),
        (httpx2.Response(422, text="no\nsuch\nseed"), "status 422: no such seed"),
        (httpx2.Response(200, text="<html>"), "did not answer with JSON"),
        (httpx2.Response(200, json={"rows": []}), "answered with dict, not with a list"),
        (httpx2.Response(200, json=[ROW]), "asked for 2 rows and sent 1"),
        (httpx2.Response(200, json=[{"legs": 4}] * 2), "sent no valid animal; line 1: walks_on_n_legs: field required"),
    ],
)
def test_a_service_with_another_contract_is_told_apart_from_a_dead_one(answer: httpx2.Response, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        fetch(URL, DataServiceSource(number_of_datapoints=2), client=always(answer), sleep=lambda _: None)


def test_an_answer_without_end_is_given_up_with_its_limit_named() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 1024**2

    client = answering(lambda _: httpx2.Response(200, content=endless()))
    with pytest.raises(InvalidInput, match=f"asked for 2 rows and sent more than {MAX_ANSWER_BYTES // 1024**2} MiB"):
        fetch(URL, DataServiceSource(number_of_datapoints=2), client=client, sleep=lambda _: None)


@pytest.mark.parametrize("url", ["ftp://example.org", "no address", ""])
def test_what_is_no_address_is_the_callers_mistake(url: str) -> None:
    with pytest.raises(InvalidInput, match="is no address of a data service"):
        fetch(url, DataServiceSource(), sleep=lambda _: None)


def test_invalid_rows_are_counted_with_their_place_among_all() -> None:
    def one_bad_row(request: httpx2.Request) -> httpx2.Response:
        sent = [ROW] * json.loads(request.content)["number_of_datapoints"]
        return httpx2.Response(200, json=[*sent[:-1], {**ROW, "height": -1}])

    source = DataServiceSource(number_of_datapoints=ROWS_PER_REQUEST + 3)
    fetched = fetch(URL, source, client=answering(one_bad_row))
    assert fetched.refused == 2
    assert [refusal.line for refusal in fetched.refusals] == [ROWS_PER_REQUEST, ROWS_PER_REQUEST + 3]
