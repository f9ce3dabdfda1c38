"""A batch of predictions, its ids, and its encoding as an item."""

from hypothesis import given, settings
from hypothesis import strategies as st

from menagerie.animal import CLASSES, Animal, feature_matrix
from menagerie.aws.predictions import from_item, to_item
from menagerie.classifier import OnnxClassifier
from menagerie.prediction import PROBABILITY_DIGITS, PredictionBatch, parse_prediction_id, prediction_id
from tests.samples import ANIMALS, NOON, published_model


def predicted(animals: list[Animal]) -> PredictionBatch:
    manifest, model = published_model()
    answers = OnnxClassifier.load(model, manifest).classify(feature_matrix(animals))
    return PredictionBatch.of(NOON, manifest.version, animals, answers)


@settings(deadline=None)  # the first example trains the model
@given(st.lists(st.builds(Animal), min_size=1, max_size=5))
def test_a_decoded_batch_equals_the_encoded_one(animals: list[Animal]) -> None:
    batch = predicted(animals)
    assert from_item(to_item(batch)) == batch


def test_probabilities_are_rounded() -> None:
    batch = predicted(list(ANIMALS))
    for row in batch.probabilities:
        assert row == [round(share, PROBABILITY_DIGITS) for share in row]
        assert all(0 <= share <= 1 for share in row)
        assert len(row) == len(CLASSES)


def test_a_prediction_has_the_time_of_its_batch() -> None:
    batch = predicted(list(ANIMALS))
    assert batch.created_at == NOON
    assert {batch.prediction(position).created_at for position in range(len(batch))} == {NOON}


def test_request_id_and_position_are_parsed_from_a_prediction_id() -> None:
    batch = predicted(list(ANIMALS))
    for position in range(len(batch)):
        name = batch.prediction(position).id
        assert parse_prediction_id(name) == (batch.request_id, position)
        assert name == prediction_id(batch.request_id, position)
