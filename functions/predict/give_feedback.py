"""The use case of feedback: what an animal really was, kept for the next training."""

from typing import TYPE_CHECKING

from menagerie.prediction import Feedback, Prediction

if TYPE_CHECKING:
    from functions.predict.dependencies import PredictDependencies
    from menagerie.animal import Species


def give_feedback(prediction_id: str, species: "Species", dependencies: "PredictDependencies") -> Prediction:
    """Return the prediction with its new feedback once that is stored; raise NotFound, Conflict, Unavailable."""
    prediction = dependencies.predictions.get(prediction_id)
    feedback = Feedback(species=species, given_at=dependencies.now())
    dependencies.feedback.give(prediction, feedback)
    return prediction.model_copy(update={"feedback": feedback})
