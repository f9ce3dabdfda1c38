"""Contract of the feedback store, tested on the fake and on the DynamoDB adapter."""

from datetime import timedelta

import pytest

from menagerie.animal import Species
from menagerie.errors import Conflict
from menagerie.ports.feedback import FeedbackStore
from menagerie.ports.predictions import PageRequest, PredictionStore
from menagerie.prediction import MAX_ANIMALS, Feedback
from tests.samples import NOON, batch_of

DOG, CHICKEN, KANGAROO = Species.DOG, Species.CHICKEN, Species.KANGAROO
LATER = NOON + timedelta(hours=1, microseconds=7)


def feedback_of(species: Species, hours: int = 0) -> Feedback:
    return Feedback(species=species, given_at=LATER + timedelta(hours=hours))


def test_feedback_is_returned_with_its_prediction_only(predictions: PredictionStore, feedback: FeedbackStore) -> None:
    batch = batch_of(DOG, CHICKEN, DOG)
    predictions.add(batch)
    feedback.give(batch.prediction(1), feedback_of(KANGAROO))
    read = [predictions.get(batch.prediction(position).id).feedback for position in range(3)]
    assert read == [None, feedback_of(KANGAROO), None]
    assert [each.feedback for each in predictions.page(PageRequest()).items] == read
    assert predictions.get(batch.prediction(1).id).species is CHICKEN


def test_later_feedback_replaces_earlier_feedback(predictions: PredictionStore, feedback: FeedbackStore) -> None:
    batch = batch_of(DOG)
    predictions.add(batch)
    for hours, species in enumerate((CHICKEN, KANGAROO)):
        feedback.give(batch.prediction(0), feedback_of(species, hours))
    assert predictions.get(batch.prediction(0).id).feedback == feedback_of(KANGAROO, 1)
    (only,) = feedback.given()
    assert (only.prediction_id, only.animal) == (batch.prediction(0).id, batch.animals[0])
    assert (only.species, only.given_at) == (KANGAROO, LATER + timedelta(hours=1))


def test_all_feedback_is_listed_oldest_prediction_first(predictions: PredictionStore, feedback: FeedbackStore) -> None:
    batches = [batch_of(DOG, CHICKEN, at=NOON + timedelta(days=days)) for days in (40, 0, 3)]
    for batch in batches:
        predictions.add(batch)
        feedback.give(batch.prediction(1), feedback_of(CHICKEN))
    assert [each.prediction_id for each in feedback.given()] == sorted(b.prediction(1).id for b in batches)


def test_the_first_and_the_last_animal_of_the_largest_request_can_have_feedback(
    predictions: PredictionStore, feedback: FeedbackStore
) -> None:
    batch = batch_of(*[DOG] * MAX_ANIMALS)
    predictions.add(batch)
    for position in (0, MAX_ANIMALS - 1):
        feedback.give(batch.prediction(position), feedback_of(CHICKEN))
    assert len(feedback.given()) == 2


def test_feedback_on_a_prediction_that_is_not_stored_is_a_conflict(feedback: FeedbackStore) -> None:
    with pytest.raises(Conflict):
        feedback.give(batch_of(DOG).prediction(0), feedback_of(DOG))
    assert feedback.given() == []


def test_feedback_on_an_id_of_another_form_is_a_conflict(feedback: FeedbackStore) -> None:
    prediction = batch_of(DOG).prediction(0).model_copy(update={"id": "no-such-id"})
    with pytest.raises(Conflict):
        feedback.give(prediction, feedback_of(DOG))


def test_a_new_store_has_no_feedback(feedback: FeedbackStore) -> None:
    assert feedback.given() == []
