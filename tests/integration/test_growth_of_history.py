"""What a request takes does not grow with what is stored, nor with how many requests there have been."""

import gc
import json
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
from menagerie.prediction import PredictionBatch
from menagerie.prediction_store import Cursor, PageRequest
from tests.fakes import InMemoryFeedback, InMemoryMetrics, InMemoryPredictions, InMemoryRegistry
from tests.samples import DOG, published_model
from tests.sorted_table import SortedTable
from tests.unit.functions.gateway import Context, event


def store(requests: int, animals: int) -> DynamoDBPredictionStore:
    return DynamoDBPredictionStore(cast("DynamoDBClient", SortedTable(requests, animals)), "predictions")


def peak_of(run: Callable[[], object]) -> int:
    """Return the most bytes that are allocated at once while something runs for the second time."""
    run()
    gc.collect()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("animals", [1, 1000])
def test_a_page_allocates_as_much_out_of_a_hundred_times_the_history(animals: int) -> None:
    few, many = store(1000, animals), store(100_000, animals)
    little = peak_of(lambda: few.page(PageRequest(limit=50)))
    much = peak_of(lambda: many.page(PageRequest(limit=50)))
    assert much < 1.1 * little


def test_the_last_page_costs_what_the_first_one_does() -> None:
    many = store(100_000, 1)
    ids = SortedTable(100_000, 1).ids
    late = PageRequest(limit=50, cursor=Cursor(ids[200], 0))
    assert peak_of(lambda: many.page(late)) < 1.1 * peak_of(lambda: many.page(PageRequest(limit=50)))


def test_a_thousand_requests_leave_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    class Forgetful(InMemoryPredictions):
        def add(self, batch: PredictionBatch, key: IdempotencyKey | None = None) -> PredictionBatch:
            return batch

    registry = InMemoryRegistry()
    manifest, model = published_model()
    registry.publish(manifest, model)
    registry.promote(manifest.version, expected=None)
    stores = Forgetful()
    models = CurrentModel(registry, refresh_seconds=5.0)
    handler = lambda_handler(create_app(models, registry, stores, InMemoryFeedback(stores), InMemoryMetrics()))
    asked = event("POST", "/predict", body=json.dumps({"animals": [DOG.model_dump()]}))

    def answer(times: int) -> None:
        for _ in range(times):
            assert handler(asked, Context())["statusCode"] == 200  # type: ignore[arg-type] # what is read of a context
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
    # Some caches are filled late; a single object kept for each request would be more than this.
    assert left < 1000 * 40
