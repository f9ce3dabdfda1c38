"""Prediction sets have the promised coverage on fresh rows with known classes."""

from collections.abc import Callable

import numpy as np
import pytest

from menagerie.animal import CLASSES
from menagerie.classifier import OnnxClassifier
from tests.model.conftest import evaluate
from tests.model.worlds import Sample
from training.pipeline import TrainedModel


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seeds", "within"), [(1000, 20, 0.025), (5000, 6, 0.02), (20_000, 5, 0.01)])
def test_the_promised_share_of_rows_reaches_the_thresholds(
    n: int, seeds: int, within: float, official_model: Callable[[int, int], TrainedModel], fresh: Sample
) -> None:
    reached = []
    for seed in range(seeds):
        model = official_model(n, seed)
        evaluation = evaluate(model, fresh)
        minimum = np.array([model.manifest.thresholds.minimum_probability[c] for c in CLASSES], dtype=np.float32)
        own = evaluation.probabilities[np.arange(len(evaluation.truth)), evaluation.truth]
        reached.append((own >= minimum[evaluation.truth]).mean())
    assert np.mean(reached) == pytest.approx(0.95, abs=within)
    assert np.mean(reached) >= 0.945


def test_prediction_sets_contain_the_true_class(classifier: OnnxClassifier, fresh: Sample) -> None:
    rows, truth = fresh
    sets = classifier.classify(rows).prediction_sets
    covered = [CLASSES[true] in each for each, true in zip(sets, truth.tolist(), strict=True)]
    assert np.mean(covered) >= classifier.manifest.thresholds.target_coverage
    assert np.mean([len(each) for each in sets]) < 1.01
