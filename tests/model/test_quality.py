"""Accuracy on the data of our data service, measured with the true classes that training does not see."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.model.conftest import evaluate
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
    # An outlier may look exactly like an animal, but no animal looks like an outlier.
    assert (labels[known] == truth[known]).all()
    assert (labels != truth).sum() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seeds", "at_least"), [(500, 20, 0.999), (1000, 20, 0.9995), (20_000, 5, 0.9998)])
def test_the_median_accuracy_is_near_the_optimum(
    n: int, seeds: int, at_least: float, official_model: Make, fresh: Sample
) -> None:
    evaluations = [evaluate(official_model(n, seed), fresh) for seed in range(seeds)]
    assert np.median([evaluation.accuracy for evaluation in evaluations]) >= at_least
    assert sum(evaluation.confused for evaluation in evaluations) == 0


@pytest.mark.slow
def test_no_training_fails_with_as_few_as_two_hundred_rows(official_model: Make, fresh: Sample) -> None:
    evaluations = [evaluate(official_model(200, seed), fresh) for seed in range(40)]
    assert min(evaluation.accuracy for evaluation in evaluations) > 0.999
    assert sum(evaluation.confused for evaluation in evaluations) == 0


@pytest.mark.slow
def test_the_accuracy_in_the_manifest_is_close_to_the_true_accuracy(official_model: Make, fresh: Sample) -> None:
    for seed in range(5):
        model = official_model(1000, seed)
        assert model.manifest.metrics.accuracy == pytest.approx(evaluate(model, fresh).accuracy, abs=0.006)


@pytest.mark.slow
def test_confidence_is_calibrated(official_model: Make, fresh: Sample) -> None:
    errors = []
    for seed in range(10):
        evaluation = evaluate(official_model(1000, seed), fresh)
        confidence = evaluation.probabilities.max(axis=1).astype(float)
        right = evaluation.answers == evaluation.truth
        bins = np.digitize(confidence, [0.5, 0.7, 0.9, 0.99, 0.999])
        gaps = [abs(right[bins == b].sum() - confidence[bins == b].sum()) for b in np.unique(bins)]
        errors.append(sum(gaps) / len(right))
        assert right[confidence > 0.999].mean() > 0.9995
    # Expected calibration error: Naeini, Cooper & Hauskrecht, AAAI 2015.
    assert np.median(errors) < 0.0005
