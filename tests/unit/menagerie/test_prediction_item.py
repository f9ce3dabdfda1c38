"""A batch comes back from its item as it was, whatever the animals."""

from hypothesis import given, settings
from hypothesis import strategies as st

from menagerie.animal import CLASSES, Animal, feature_matrix
from menagerie.aws.predictions import from_item, to_item
from menagerie.classifier import OnnxClassifier
from menagerie.prediction import PROBABILITY_DIGITS, PredictionBatch, parse_prediction_id, prediction_id
from tests.samples import ANIMALS, NOON, published_model


def answered(animals: list[Animal]) -> PredictionBatch:
    manifest, model = published_model()
    answers = OnnxClassifier.load(model, manifest).classify(feature_matrix(animals))
    return PredictionBatch.of(NOON, manifest.version, animals, answers)


@settings(deadline=None)  # the first example makes the model
@given(st.lists(st.builds(Animal), min_size=1, max_size=5))
def test_a_batch_comes_back_from_its_item(animals: list[Animal]) -> None:
    batch = answered(animals)
    assert from_item(to_item(batch)) == batch


def test_probabilities_are_rounded_once_and_for_all() -> None:
    batch = answered(list(ANIMALS))
    for row in batch.probabilities:
        assert row == [round(share, PROBABILITY_DIGITS) for share in row]
        assert all(0 <= share <= 1 for share in row)
        assert len(row) == len(CLASSES)


def test_a_prediction_says_when_it_was_made() -> None:
    batch = answered(list(ANIMALS))
    assert batch.created_at == NOON
    assert {batch.prediction(position).created_at for position in range(len(batch))} == {NOON}


def test_an_id_leads_back_to_request_and_position() -> None:
    batch = answered(list(ANIMALS))
    for position in range(len(batch)):
        name = batch.prediction(position).id
        assert parse_prediction_id(name) == (batch.request_id, position)
        assert name == prediction_id(batch.request_id, position)
