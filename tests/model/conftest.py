"""Models trained with many seeds, once for all tests of the model."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from menagerie.classifier import OnnxClassifier
from tests.model.worlds import UNKNOWN, Sample, as_received, official
from training.pipeline import TrainedModel, train
from training.rows import Origin

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
FRESH_SEED = 1_000_000


@dataclass(frozen=True)
class Evaluation:
    """The probabilities of a model for fresh rows, with their true classes."""

    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]

    @property
    def answers(self) -> NDArray[np.intp]:
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def accuracy(self) -> float:
        return float((self.answers == self.truth).mean())

    @property
    def confused(self) -> int:
        """Return how many animals were classified as another species."""
        named = (self.answers != UNKNOWN) & (self.truth != UNKNOWN)
        return int((named & (self.answers != self.truth)).sum())


def train_on(sample: Sample) -> TrainedModel:
    return train(as_received(sample[0]), source=Origin("dataset"), created_at=NOON)


def evaluate(model: TrainedModel, fresh: Sample) -> Evaluation:
    rows, truth = fresh
    return Evaluation(OnnxClassifier.load(model.onnx, model.manifest).probabilities(rows), truth)


@pytest.fixture(scope="session")
def fresh() -> Sample:
    return official(20_000, FRESH_SEED)


@pytest.fixture(scope="session")
def official_model() -> Callable[[int, int], TrainedModel]:
    """Return a cached function that trains a model on a number of rows with a seed."""
    return cache(lambda n, seed: train_on(official(n, seed)))


@pytest.fixture(scope="session")
def classifier(official_model: Callable[[int, int], TrainedModel]) -> OnnxClassifier:
    model = official_model(1000, 42)
    return OnnxClassifier.load(model.onnx, model.manifest)
