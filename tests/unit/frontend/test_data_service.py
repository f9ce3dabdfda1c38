"""The client of the data service, with a fake transport and with our data service."""

import httpx2
import pytest
from starlette.testclient import TestClient

from data_service.app import create_app
from frontend.api.data_service import MAX_SAMPLE, DataService
from frontend.api.errors import Rejected, ServerError, Unreachable
from menagerie.animal import EXAMPLES

ROWS = [animal.model_dump() for animal in EXAMPLES.values()]


def service(*answers: httpx2.Response) -> DataService:
    waiting = list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if not waiting:
            raise httpx2.ConnectError("refused", request=request)
        return waiting.pop(0)

    return DataService(httpx2.Client(base_url="http://127.0.0.1:8777", transport=httpx2.MockTransport(answer)))


def test_rows_of_our_data_service_are_animals() -> None:
    with TestClient(create_app(["testserver"])) as client:
        rows = client.post("/api/v1/animals/data", json={"seed": 7, "number_of_datapoints": 20}).json()
    assert len(service(httpx2.Response(200, json=rows)).sample(7, 20).animals) == 20


def test_an_invalid_row_is_a_refusal() -> None:
    rows = [ROWS[0], {**ROWS[0], "walks_on_n_legs": 12}]
    found = service(httpx2.Response(200, json=rows)).sample(1, 2)
    assert len(found.animals) == 1
    assert (found.refusals[0].line, found.refusals[0].reason) == (
        2,
        "walks_on_n_legs: input should be less than or equal to 8",
    )


@pytest.mark.parametrize(
    ("answers", "kind", "text"),
    [
        ([], Unreachable, "The data service at http://127.0.0.1:8777 cannot be reached."),
        ([httpx2.Response(422, json={"detail": [{"msg": "no"}]})], Rejected, "request is not valid"),
        ([httpx2.Response(200, json={"rows": []})], ServerError, "not in the expected format"),
        ([httpx2.Response(200, json=[{"legs": 4}])], ServerError, "not in the expected format"),
    ],
)
def test_an_unreachable_service_or_another_one_is_an_error(
    answers: list[httpx2.Response], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        service(*answers).sample(1, MAX_SAMPLE)
