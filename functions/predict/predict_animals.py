"""The use case of the predict function: classify, store, then answer."""

from typing import TYPE_CHECKING

from pydantic_core import to_json

from menagerie.animal import CLASSES, Animal, feature_matrix
from menagerie.prediction import PredictionBatch, prediction_id

if TYPE_CHECKING:
    from functions.predict.dependencies import PredictDependencies
    from menagerie.idempotency import IdempotencyKey


def predict_animals(
    animals: list[Animal],
    model_version: str | None,
    dependencies: "PredictDependencies",
    key: "IdempotencyKey | None" = None,
) -> PredictionBatch:
    """Classify animals with the current model or a version, and return the answers once they are stored.

    A key that was answered before gets the same answers again; raise KeyReused if it asked for something else.
    """
    first = dependencies.predictions.find_by_key(key) if key else None
    if first is not None:
        return first
    classifier = dependencies.models.classifier(model_version)
    answers = classifier.classify(feature_matrix(animals))
    batch = PredictionBatch.of(dependencies.now(), classifier.version, animals, answers)
    return dependencies.predictions.add(batch, key)


def to_answer(batch: PredictionBatch) -> bytes:
    """Write a batch as the JSON document of `PredictResponse`.

    Straight from the columns: making and validating a thousand models first takes four to five times as long.
    """
    names = [each.value for each in CLASSES]
    predictions = [
        {
            "id": prediction_id(batch.request_id, position),
            "species": answers[0],
            "confidence": max(probabilities),
            "probabilities": dict(zip(names, probabilities, strict=True)),
            "prediction_set": answers,
        }
        for position, (probabilities, answers) in enumerate(
            zip(batch.probabilities, batch.prediction_sets, strict=True)
        )
    ]
    return to_json(
        {
            "request_id": batch.request_id,
            "model_version": batch.model_version,
            "created_at": batch.created_at,
            "predictions": predictions,
        }
    )
