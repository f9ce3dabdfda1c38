"""A model trained once for all tests that do not change it."""

from datetime import UTC, datetime

import pytest

from tests.model.worlds import as_received, official
from training.pipeline import TrainedModel, train
from training.rows import Origin

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def trained() -> TrainedModel:
    return train(as_received(official(1000, 42)[0]), source=Origin("data-service", seed=42), created_at=NOON)
