"""Files to take away, as bytes of CSV: pure functions."""

from collections.abc import Sequence

import pandas as pd

from frontend.api.contract import Animal, Prediction
from frontend.examples import EXAMPLES
from frontend.species import SPECIES
from frontend.tables.animal_rows import COLUMNS, RowFault, animal_table


def template_csv() -> bytes:
    """Return the example animals as a file to fill in."""
    return animals_csv(list(EXAMPLES.values()))


def animals_csv(animals: Sequence[Animal]) -> bytes:
    """Return animals as a file that can be uploaded again; metres, kilograms."""
    return _csv(animal_table(animals))


def faults_csv(faults: Sequence[RowFault]) -> bytes:
    """Return what was wrong with which line."""
    return _csv(pd.DataFrame([{"line": fault.line, "reason": fault.reason} for fault in faults]))


def predictions_csv(predictions: Sequence[Prediction]) -> bytes:
    """Return animals with their answers, one a line in the order given; sets are joined by |, times are ISO 8601."""
    rows = [
        {
            **prediction.animal.to_json(),
            "species": prediction.species,
            "confidence": prediction.confidence,
            "prediction_set": "|".join(prediction.prediction_set),
            **{f"probability_{name}": prediction.probabilities.get(name) for name in SPECIES},
            "feedback": prediction.feedback,
            "model_version": prediction.model_version,
            "created_at": prediction.created_at.isoformat(),
            "id": prediction.id,
        }
        for prediction in predictions
    ]
    answers = ("species", "confidence", "prediction_set", *(f"probability_{name}" for name in SPECIES))
    kept = ("feedback", "model_version", "created_at", "id")
    return _csv(pd.DataFrame(rows, columns=[*COLUMNS, *answers, *kept]))


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()
