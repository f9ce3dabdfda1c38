"""Accuracy against the truth on the official data, which training never sees."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.model.conftest import judged
from tests.model.worlds import UNKNOWN, Sample, official
from training.labelling.label import label
from training.pipeline import TrainedModel

Make = Callable[[int, int], TrainedModel]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n", [500, 1000])
def test_all_four_species_are_labelled_correctly(n: int, seed: int) -> None:
    rows, truth = official(n, seed)
    labels = label(rows)
    known = truth != UNKNOWN
    # An outlier that happens to look just like an animal cannot be told from one; an animal can.
    assert (labels[known] == truth[known]).all()
    assert (labels != truth).sum() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seeds", "at_least"), [(500, 20, 0.999), (1000, 20, 0.9995), (20_000, 5, 0.9998)])
def test_the_median_accuracy_is_near_the_optimum(
    n: int, seeds: int, at_least: float, official_model: Make, fresh: Sample
) -> None:
    verdicts = [judged(official_model(n, seed), fresh) for seed in range(seeds)]
    assert np.median([verdict.accuracy for verdict in verdicts]) >= at_least
    assert sum(verdict.confused for verdict in verdicts) == 0


@pytest.mark.slow
def test_no_training_fails_with_as_few_as_two_hundred_rows(official_model: Make, fresh: Sample) -> None:
    verdicts = [judged(official_model(200, seed), fresh) for seed in range(40)]
    assert min(verdict.accuracy for verdict in verdicts) > 0.999
    assert sum(verdict.confused for verdict in verdicts) == 0


@pytest.mark.slow
def test_what_the_manifest_says_of_accuracy_is_true(official_model: Make, fresh: Sample) -> None:
    for seed in range(5):
        model = official_model(1000, seed)
        assert model.manifest.metrics.accuracy == pytest.approx(judged(model, fresh).accuracy, abs=0.006)


@pytest.mark.slow
def test_confidence_means_what_it_says(official_model: Make, fresh: Sample) -> None:
    errors = []
    for seed in range(10):
        verdict = judged(official_model(1000, seed), fresh)
        confidence = verdict.probabilities.max(axis=1).astype(float)
        right = verdict.answers == verdict.truth
        bins = np.digitize(confidence, [0.5, 0.7, 0.9, 0.99, 0.999])
        gaps = [abs(right[bins == b].sum() - confidence[bins == b].sum()) for b in np.unique(bins)]
        errors.append(sum(gaps) / len(right))
        assert right[confidence > 0.999].mean() > 0.9995
    # Expected calibration error: Naeini, Cooper & Hauskrecht, AAAI 2015.
    assert np.median(errors) < 0.0005
