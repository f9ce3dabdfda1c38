"""What is measured: the model that `menagerie up` trains, and animals that the data service hands out."""

from datetime import UTC, datetime
from functools import cache

from data_service.generator import rows
from tests.model.worlds import World, as_received, draw
from training.pipeline import TrainedModel, train
from training.rows.validation import Origin


@cache
def trained_model(n: int = 1000) -> TrainedModel:
    """Train on n rows of the official world."""
    received = as_received(draw(World(), n, seed=42)[0])
    return train(received, source=Origin("dataset"), created_at=datetime.now(UTC))


def animals(count: int, seed: int = 7) -> list[dict[str, object]]:
    """Return that many animals as the documents that a request holds; the data service's outliers are among them."""
    drawn = [row._asdict() for row in rows(seed, 2 * count)]
    return [row for row in drawn if row["height"] > 0 and row["weight"] > 0][:count]
