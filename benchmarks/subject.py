"""Inputs of the measurements: the model of `menagerie up`, and animals of the data service."""

from datetime import UTC, datetime
from functools import cache

from data_service.generator import rows
from tests.model.worlds import World, as_received, draw
from training.pipeline import TrainedModel, train
from training.rows import Origin


@cache
def trained_model(n: int = 1000) -> TrainedModel:
    """Train a model with n rows of the data service."""
    received = as_received(draw(World(), n, seed=42)[0])
    return train(received, source=Origin("dataset"), created_at=datetime.now(UTC))


def animals(count: int, seed: int = 7) -> list[dict[str, object]]:
    """Return this many animals as JSON objects of a request, including outliers."""
    drawn = [row._asdict() for row in rows(seed, 2 * count)]
    return [row for row in drawn if row["height"] > 0 and row["weight"] > 0][:count]
