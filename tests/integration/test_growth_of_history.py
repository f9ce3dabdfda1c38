"""The memory of a request depends neither on the size of the history nor on the number of earlier requests."""

import gc
import json
import logging
import tracemalloc
from collections.abc import Callable
from typing import cast

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from functions.http.app import lambda_handler
from functions.predict.app import create_app
from functions.predict.current_model import CurrentModel
from menagerie.aws.predictions import DynamoDBPredictionStore
from menagerie.idempotency import IdempotencyKey
from menagerie.ports.predictions import Cursor, PageRequest
from menagerie.prediction import PredictionBatch
from tests.fakes import InMemoryFeedback, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import DOG, published_model
from tests.sorted_table import SortedTable
from tests.unit.functions.gateway import Context, event


def store(requests: int, animals: int) -> DynamoDBPredictionStore:
    return DynamoDBPredictionStore(cast("DynamoDBClient", SortedTable(requests, animals)), "predictions")


def peak_of(run: Callable[[], object]) -> int:
    """Return the peak of allocated bytes of a call, measured at its second run."""
    run()
    gc.collect()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("animals", [1, 1000])
def test_a_page_of_a_hundred_times_larger_history_takes_no_more_memory(animals: int) -> None:
    few, many = store(1000, animals), store(100_000, animals)
    small = peak_of(lambda: few.page(PageRequest(limit=50)))
    large = peak_of(lambda: many.page(PageRequest(limit=50)))
    assert large < 1.1 * small


def test_the_last_page_takes_no_more_memory_than_the_first() -> None:
    many = store(100_000, 1)
    ids = SortedTable(100_000, 1).ids
    late = PageRequest(limit=50, cursor=Cursor(ids[200], 0))
    assert peak_of(lambda: many.page(late)) < 1.1 * peak_of(lambda: many.page(PageRequest(limit=50)))


def test_a_thousand_requests_leave_no_objects_in_memory(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest keeps the records that arrive at the root logger.
    monkeypatch.setattr(logging.getLogger("predict"), "propagate", False)

    class StoresNothing(InMemoryPredictions):
        def add(self, batch: PredictionBatch, key: IdempotencyKey | None = None) -> PredictionBatch:
            return batch

    registry = InMemoryRegistry()
    manifest, model = published_model()
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)
    predictions = StoresNothing()
    models = CurrentModel(registry, refresh_seconds=5.0)
    handler = lambda_handler(
        create_app(models, registry, predictions, InMemoryFeedback(predictions), InMemoryMetrics())
    )
    request = event("POST", "/predict", body=json.dumps({"animals": [DOG.model_dump()]}))

    def answer(times: int) -> None:
        for _ in range(times):
            assert handler(request, Context())["statusCode"] == 200  # type: ignore[arg-type] # a partial context
            capsys.readouterr()

    answer(100)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        answer(1000)
        gc.collect()
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # Some caches fill late; one object kept per request would be more than this.
    assert left < 1000 * 40
