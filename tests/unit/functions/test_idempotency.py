"""The header Idempotency-Key of POST /predict and POST /retrain."""

from typing import Any

import pytest

from menagerie.errors import Unavailable
from tests.fakes import Down, InMemoryJobs, InMemoryPredictions, InMemoryRegistry
from tests.samples import CHICKEN, DOG
from tests.unit.functions.conftest import OTHER, Send, Worker, assert_problem, predict_function, retrain_function

KEY = {"content-type": "application/json", "idempotency-key": "5d2c7f0e"}
ANIMALS = {"animals": [DOG.model_dump(), CHICKEN.model_dump()]}
ASKED = {"source": {"kind": "data-service", "seed": 7, "number_of_datapoints": 500}}


def test_a_prediction_sent_twice_with_one_key_is_stored_once(
    predict: Send, registry: InMemoryRegistry, predictions: InMemoryPredictions
) -> None:
    first = predict("POST", "/predict", json_body=ANIMALS, headers=KEY)
    registry.promote(OTHER, expected=registry.current())
    second = predict("POST", "/predict", json_body=ANIMALS, headers=KEY)
    assert first.status == 200
    assert (second.status, second.text) == (first.status, first.text)
    assert len(predictions.batches) == 1


def test_without_a_key_every_prediction_is_stored(predict: Send, predictions: InMemoryPredictions) -> None:
    for _ in range(2):
        predict("POST", "/predict", json_body=ANIMALS)
    assert len(predictions.batches) == 2


def test_another_body_with_the_same_key_is_a_422_that_names_the_header(predict: Send, retrain: Send) -> None:
    predict("POST", "/predict", json_body=ANIMALS, headers=KEY)
    other = predict("POST", "/predict", json_body={"animals": [DOG.model_dump()]}, headers=KEY)
    assert "Idempotency-Key" in assert_problem(other, 422)["detail"]
    retrain("POST", "/retrain", json_body=ASKED, headers=KEY)
    other = retrain("POST", "/retrain", json_body={}, headers=KEY)
    assert "Idempotency-Key" in assert_problem(other, 422)["detail"]


def test_the_same_request_may_be_written_in_another_way(retrain: Send) -> None:
    first = retrain("POST", "/retrain", body=None, headers=KEY)
    assert retrain("POST", "/retrain", body=' {"promote": "if-better"} ', headers=KEY).text == first.text


@pytest.mark.parametrize("key", ["", pytest.param("k" * 256, id="256 letters"), "schlüssel", "two\nlines"])
def test_an_invalid_key_is_a_422_that_names_the_header(predict: Send, key: str) -> None:
    answer = predict("POST", "/predict", json_body=ANIMALS, headers={**KEY, "idempotency-key": key})
    assert [each["field"] for each in assert_problem(answer, 422)["errors"]] == ["Idempotency-Key"]


def test_a_prediction_that_could_not_be_stored_can_be_sent_again(registry: InMemoryRegistry) -> None:
    assert_problem(predict_function(registry, Down())("POST", "/predict", json_body=ANIMALS, headers=KEY), 503)
    again = predict_function(registry, InMemoryPredictions())("POST", "/predict", json_body=ANIMALS, headers=KEY)
    assert again.status == 200


def test_a_job_requested_twice_with_one_key_is_one_job(retrain: Send, jobs: InMemoryJobs, worker: Worker) -> None:
    first = retrain("POST", "/retrain", json_body=ASKED, headers=KEY)
    (job_id,) = jobs.jobs
    jobs.fail(job_id, "no rows")
    second = retrain("POST", "/retrain", json_body=ASKED, headers=KEY)
    assert first.status == 202
    assert (second.status, second.text) == (first.status, first.text)
    assert second.headers["location"] == first.headers["location"]
    assert worker.started == [job_id]


def test_a_repetition_starts_the_worker_of_a_queued_job_again(retrain: Send, worker: Worker) -> None:
    job_id = retrain("POST", "/retrain", json_body=ASKED, headers=KEY).json()["job_id"]
    worker.started.clear()
    assert retrain("POST", "/retrain", json_body=ASKED, headers=KEY).status == 202
    assert worker.started == [job_id]


def test_a_key_whose_worker_could_not_be_started_can_be_used_again(
    jobs: InMemoryJobs, registry: InMemoryRegistry
) -> None:
    tried: list[Any] = []

    def second_time_lucky(job_id: str) -> None:
        tried.append(job_id)
        if len(tried) == 1:
            raise Unavailable("the training function refused: TooManyRequestsException")

    retrain = retrain_function(jobs, registry, second_time_lucky)
    assert_problem(retrain("POST", "/retrain", json_body=ASKED, headers=KEY), 503)
    assert retrain("POST", "/retrain", json_body=ASKED, headers=KEY).status == 202
    assert len(set(tried)) == 2
