"""Stored predictions as a data frame, and how its columns are shown: pure functions."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from frontend.species import COLOURS, SPECIES
from frontend.tables.animal_rows import COLUMNS as ANIMAL_COLUMNS
from frontend.wording import describe_version
from menagerie.animal import Species
from menagerie.prediction import Prediction

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

COLUMNS = (
    "created_at",
    "species",
    "confidence",
    "prediction_set",
    "legs",
    "height",
    "weight",
    "wings",
    "tail",
    "feedback",
    "model",
    "id",
)


def prediction_frame(predictions: Sequence[Prediction]) -> pd.DataFrame:
    """Return one row a prediction in the order given, columns as in `COLUMNS`; metres, kilograms, times in UTC."""
    rows = [
        {
            "created_at": prediction.created_at,
            "species": prediction.species,
            "confidence": prediction.confidence,
            "prediction_set": prediction.prediction_set,
            "legs": prediction.animal.walks_on_n_legs,
            "height": prediction.animal.height,
            "weight": prediction.animal.weight,
            "wings": prediction.animal.has_wings,
            "tail": prediction.animal.has_tail,
            "feedback": prediction.feedback.species if prediction.feedback else None,
            "model": describe_version(prediction.model_version),
            "id": prediction.id,
        }
        for prediction in predictions
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    return frame


def shown_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose species are lists of one, which is what a column of coloured labels takes."""
    return frame.assign(species=frame["species"].map(lambda name: [name]))


def column_configuration(timezone: str) -> dict[str, "ColumnConfig"]:
    """Say how Streamlit shows each column; times in the zone named."""
    columns = st.column_config
    coloured = partial(columns.MultiselectColumn, options=list(COLOURS), color=list(COLOURS.values()), disabled=True)
    return {
        "created_at": columns.DatetimeColumn("When", format="D MMM YYYY, HH:mm:ss", timezone=timezone),
        "species": coloured("Species", width=110),
        "confidence": columns.ProgressColumn("Confidence", min_value=0, max_value=1, format="percent", width=120),
        "prediction_set": coloured(
            "Prediction set", help="The species that the model could not rule out, most probable first."
        ),
        "legs": columns.NumberColumn("Legs", width=60),
        "height": columns.NumberColumn("Height", format="%.6g m"),
        "weight": columns.NumberColumn("Weight", format="%.6g kg"),
        "wings": columns.CheckboxColumn("Wings", width=65),
        "tail": columns.CheckboxColumn("Tail", width=65),
        "feedback": columns.TextColumn("Truth", help="The true species, where somebody has said it."),
        "model": columns.TextColumn("Model made"),
        "id": columns.TextColumn("Prediction id"),
    }


def predictions_csv(predictions: Sequence[Prediction]) -> bytes:
    """Return animals with their answers, one a line in the order given; sets are joined by |, times are ISO 8601."""
    rows = [
        {
            **prediction.animal.model_dump(),
            "species": prediction.species,
            "confidence": prediction.confidence,
            "prediction_set": "|".join(prediction.prediction_set),
            **{f"probability_{name}": prediction.probabilities.get(Species(name)) for name in SPECIES},
            "feedback": prediction.feedback.species if prediction.feedback else None,
            "model_version": prediction.model_version,
            "created_at": prediction.created_at.isoformat(),
            "id": prediction.id,
        }
        for prediction in predictions
    ]
    answers = ("species", "confidence", "prediction_set", *(f"probability_{name}" for name in SPECIES))
    kept = ("feedback", "model_version", "created_at", "id")
    return pd.DataFrame(rows, columns=[*ANIMAL_COLUMNS, *answers, *kept]).to_csv(index=False).encode()
