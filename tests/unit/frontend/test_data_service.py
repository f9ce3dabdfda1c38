"""The data service by its transport, and against our own one: rows in, animals out, and what to do when it is away."""

import httpx2
import pytest
from starlette.testclient import TestClient

from data_service.app import create_app
from frontend.api.errors import Rejected, ServerError, Unreachable
from frontend.api.transport import Call
from frontend.charts.animals import UNLABELLED, animal_frame, kinds_chart, scatter_chart, spread_chart
from frontend.charts.operations import latency_chart
from frontend.charts.predictions import activity_chart, activity_frame, confidence_chart, species_share_chart
from frontend.pages.monitor import route_frame
from frontend.species import EXAMPLES
from frontend.tables.data_service import MAX_SAMPLE, DataService
from frontend.tables.predictions import prediction_frame
from tests.unit.frontend.examples import NOON, prediction

ROWS = [animal.model_dump() for animal in EXAMPLES.values()]


def service(*answers: httpx2.Response) -> DataService:
    waiting = list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if not waiting:
            raise httpx2.ConnectError("refused", request=request)
        return waiting.pop(0)

    return DataService(httpx2.Client(base_url="http://127.0.0.1:8777", transport=httpx2.MockTransport(answer)))


def test_our_own_service_speaks_what_is_read_here() -> None:
    with TestClient(create_app(["testserver"])) as client:
        rows = client.post("/api/v1/animals/data", json={"seed": 7, "number_of_datapoints": 20}).json()
    assert len(service(httpx2.Response(200, json=rows)).sample(7, 20).animals) == 20


def test_a_row_that_the_api_would_refuse_is_left_out_and_named() -> None:
    rows = [ROWS[0], {**ROWS[0], "walks_on_n_legs": 12}]
    found = service(httpx2.Response(200, json=rows)).sample(1, 2)
    assert len(found.animals) == 1
    assert (found.faults[0].line, found.faults[0].reason) == (
        2,
        "walks_on_n_legs: input should be less than or equal to 8",
    )


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        ([], Unreachable, "The data service at http://127.0.0.1:8777 cannot be reached."),
        ([httpx2.Response(422, json={"detail": [{"msg": "no"}]})], Rejected, "request is not valid"),
        ([httpx2.Response(200, json={"rows": []})], ServerError, "not in the expected format"),
        ([httpx2.Response(200, json=[{"legs": 4}])], ServerError, "not in the expected format"),
    ],
)
def test_a_service_that_is_away_or_another_one_is_a_readable_error(
    answers: list[httpx2.Response], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        service(*answers).sample(1, MAX_SAMPLE)


def test_animals_take_the_colours_of_what_the_model_named_and_outliers_are_crosses() -> None:
    animals = list(EXAMPLES.values())
    frame = animal_frame(animals, [prediction("kangaroo"), prediction("unknown")])
    assert list(frame["species"]) == ["kangaroo", "unknown", *[UNLABELLED] * 3]
    spec = scatter_chart(frame).to_dict()
    assert spec["encoding"]["x"]["scale"]["type"] == spec["encoding"]["y"]["scale"]["type"] == "log"
    assert spec["encoding"]["shape"]["scale"]["range"] == ["circle", "cross"]
    assert [row["outlier"] for row in next(iter(spec["datasets"].values()))] == [False, True, False, False, False]


@pytest.mark.parametrize("field", ["height", "weight"])
@pytest.mark.parametrize("count", [1, 5])
def test_every_animal_is_in_one_bin(field: str, count: int) -> None:
    frame = animal_frame(list(EXAMPLES.values())[:count])
    (rows,) = spread_chart(frame, field).to_dict()["datasets"].values()
    assert sum(row["animals"] for row in rows) == count
    assert all(row["start"] < row["end"] for row in rows)


def test_rare_kinds_are_counted_together() -> None:
    animals = [EXAMPLES["dog"]] * 3 + [EXAMPLES["chicken"]]
    (rows,) = kinds_chart(animal_frame(animals)).to_dict()["datasets"].values()
    assert {row["kind"]: row["animals"] for row in rows} == {"4 legs, tail": 3, "2 legs, wings, tail": 1}


def test_requests_are_counted_apart_from_predictions() -> None:
    frame = prediction_frame([prediction("dog", 0), prediction("elephant", 0.01), prediction("dog", 40)])
    frame["request"] = ["a", "a", "b"]
    binned = activity_frame(frame, "UTC")
    assert list(binned["requests"]) == [1, 1]
    assert list(binned["predictions"]) == [2, 1]
    assert confidence_chart(frame, "UTC").to_dict()
    assert activity_chart(frame, "UTC", "requests", "Requests").to_dict()["encoding"]["y"]["title"] == "Requests"
    (rows,) = species_share_chart(frame, "UTC").to_dict()["datasets"].values()
    assert [row["share"] for row in rows if row["predictions"]] == [0.5, 0.5, 1.0]


def test_latency_is_told_by_route_with_what_failed() -> None:
    calls = [
        Call(NOON, "GET /health", 200, 10),
        Call(NOON, "GET /health", 503, 30),
        Call(NOON, "POST /predict", None, 3000),
    ]
    told = route_frame(calls).set_index("route")
    assert list(told.loc["GET /health", ["calls", "failed", "median"]]) == [2, 1, 20]
    assert told.loc["POST /predict", "failed"] == 1
    (rows,) = latency_chart(calls, "UTC").to_dict()["datasets"].values()
    assert [row["status"] for row in rows] == ["200", "503", "no answer"]
