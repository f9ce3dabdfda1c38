"""Prediction sets keep the coverage they promise, on fresh rows and against the truth."""

from collections.abc import Callable

import numpy as np
import pytest

from menagerie.animal import CLASSES
from menagerie.classifier import OnnxClassifier
from tests.model.conftest import judged
from tests.model.worlds import Sample
from training.pipeline import TrainedModel


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seeds", "within"), [(1000, 20, 0.025), (5000, 6, 0.02), (20_000, 5, 0.01)])
def test_the_thresholds_are_reached_by_as_many_as_promised(
    n: int, seeds: int, within: float, official_model: Callable[[int, int], TrainedModel], fresh: Sample
) -> None:
    reached = []
    for seed in range(seeds):
        model = official_model(n, seed)
        verdict = judged(model, fresh)
        minimum = np.array([model.manifest.thresholds.minimum_probability[c] for c in CLASSES], dtype=np.float32)
        own = verdict.probabilities[np.arange(len(verdict.truth)), verdict.truth]
        reached.append((own >= minimum[verdict.truth]).mean())
    assert np.mean(reached) == pytest.approx(0.95, abs=within)
    assert np.mean(reached) >= 0.945


def test_the_sets_that_are_answered_hold_the_truth(classifier: OnnxClassifier, fresh: Sample) -> None:
    rows, truth = fresh
    sets = classifier.classify(rows).prediction_sets
    covered = [CLASSES[true] in each for each, true in zip(sets, truth.tolist(), strict=True)]
    assert np.mean(covered) >= classifier.manifest.thresholds.target_coverage
    assert np.mean([len(each) for each in sets]) < 1.01
