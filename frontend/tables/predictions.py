"""Stored predictions as a data frame, the configuration of its columns, and a CSV file: pure functions."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from frontend.wording import describe_version
from menagerie.animal import CLASSES, FEATURE_DETAILS, FEATURES, Feature, Kind
from menagerie.prediction import Prediction

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

_COLOURS = {species.value: species.colour for species in CLASSES}
COLUMNS = (
    "created_at",
    "species",
    "confidence",
    "prediction_set",
    *FEATURES,
    "feedback",
    "model",
    "id",
)


def prediction_frame(predictions: Sequence[Prediction]) -> pd.DataFrame:
    """Return one row for each prediction in the order given, with `COLUMNS`; units as in `Animal`, times in UTC."""
    rows = [
        {
            "created_at": prediction.created_at,
            "species": prediction.species,
            "confidence": prediction.confidence,
            "prediction_set": prediction.prediction_set,
            **{name: getattr(prediction.animal, name) for name in FEATURES},
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
    """Return a copy whose species are lists of one, as Streamlit needs them to show coloured labels."""
    return frame.assign(species=frame["species"].map(lambda name: [name]))


def column_configuration(timezone: str) -> dict[str, "ColumnConfig"]:
    """Return the configuration of each column for Streamlit; times are shown in the time zone."""
    columns = st.column_config
    coloured = partial(
        columns.MultiselectColumn,
        options=list(_COLOURS),
        color=list(_COLOURS.values()),
        disabled=True,
    )
    return {
        "created_at": columns.DatetimeColumn("Time", format="D MMM YYYY, HH:mm:ss", timezone=timezone),
        "species": coloured("Species", width=110),
        "confidence": columns.ProgressColumn("Confidence", min_value=0, max_value=1, format="percent", width=120),
        "prediction_set": coloured(
            "Prediction set", help="The species that the model did not rule out, most probable first."
        ),
        **{feature.name: _feature_column(feature) for feature in FEATURE_DETAILS},
        "feedback": columns.TextColumn("True species", help="The true species, where somebody has entered it."),
        "model": columns.TextColumn("Model of"),
        "id": columns.TextColumn("Prediction id"),
    }


def predictions_csv(predictions: Sequence[Prediction]) -> bytes:
    """Return a CSV file of animals and predictions in the order given; sets are joined by |, times are ISO 8601."""
    rows = [
        {
            **prediction.animal.model_dump(),
            "species": prediction.species,
            "confidence": prediction.confidence,
            "prediction_set": "|".join(prediction.prediction_set),
            **{f"probability_{species}": prediction.probabilities.get(species) for species in CLASSES},
            "feedback": prediction.feedback.species if prediction.feedback else None,
            "model_version": prediction.model_version,
            "created_at": prediction.created_at.isoformat(),
            "id": prediction.id,
        }
        for prediction in predictions
    ]
    predicted = ("species", "confidence", "prediction_set", *(f"probability_{species}" for species in CLASSES))
    stored = ("feedback", "model_version", "created_at", "id")
    return pd.DataFrame(rows, columns=[*FEATURES, *predicted, *stored]).to_csv(index=False).encode()


def _feature_column(feature: Feature) -> "ColumnConfig":
    columns = st.column_config
    match feature.kind:
        case Kind.COUNT:
            return columns.NumberColumn(feature.label, width=60)
        case Kind.MEASURE:
            return columns.NumberColumn(feature.label, format=f"%.6g {feature.unit}".strip())
        case Kind.FLAG:
            return columns.CheckboxColumn(feature.label, width=65)
