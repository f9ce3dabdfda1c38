"""The part of the page *Predict* for many animals: a table to edit, a file to upload, and the predictions."""

import statistics
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from frontend.api.batches import Outcome, classify_all
from frontend.charts.predictions import species_count_chart
from frontend.components import session
from frontend.components.loaded_history import forget_history
from frontend.components.notices import show_error
from frontend.tables.animal_rows import (
    AnimalRows,
    RowFault,
    UnreadableFile,
    animal_table,
    read_csv,
    read_table,
)
from frontend.tables.exports import faults_csv, template_csv
from frontend.tables.predictions import column_configuration, prediction_frame, predictions_csv, shown_frame
from frontend.wording import counted, number, percent
from menagerie.animal import EXAMPLES, FEATURE_DETAILS, FEATURES, Feature, Kind, Species
from menagerie.prediction import Prediction

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.elements.lib.column_types import ColumnConfig

OUTCOME = "many_outcome"
# The editor loses edits when its own output is its input, so it starts from `BASE` and the edited table is kept apart.
BASE, EDITED, EDITOR, FAULTS = "many_base", "many_edited", "many_editor", "many_faults"
FAULTS_SHOWN = 10
SHOWN_COLUMNS = ("species", "confidence", "prediction_set", *FEATURES, "id")
AMBIGUOUS = "Share of the animals whose prediction set contains more than one species."


def show_many_animals(model_version: str | None) -> None:
    """Lay out the upload, the table, the button and the predictions; without a version the current model is used."""
    _show_upload()
    rows = _show_table()
    sent = st.button(
        f"Classify {counted(len(rows.animals), 'animal')}",
        key="many_send",
        icon=":material/search:",
        type="primary",
        disabled=not rows.animals,
    )
    bar = st.empty()
    if sent:
        _classify(Outcome(rows.animals, model_version=model_version), bar)
    outcome = st.session_state.get(OUTCOME)
    if not isinstance(outcome, Outcome):
        return
    if outcome.error is not None:
        show_error(outcome.error)
        if st.button(f"Classify the remaining {number(outcome.missing)}", key="many_go_on", icon=":material/resume:"):
            _classify(outcome, bar)
            st.rerun()
    if outcome.predictions:
        _show_predictions(outcome.predictions)


def _show_upload() -> None:
    with st.container(border=True):
        st.file_uploader(
            "CSV file with one animal per line",
            type=["csv", "txt", "tsv"],
            key="many_file",
            on_change=_take_file,
            help=_describe_columns(),
        )
        st.download_button(
            "Template",
            template_csv,
            "animals.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="A file with an example of each species, to fill in.",
        )
        match st.session_state.get(FAULTS):
            case UnreadableFile() as unreadable:
                st.error(str(unreadable), title="The file cannot be read.", icon=":material/error:")
            case list() as faults if faults:
                _show_faults(faults, f"{counted(len(faults), 'invalid line')}; the others are in the table")


def _take_file() -> None:
    """Put the valid rows of the uploaded file into the table and keep the errors of the others."""
    st.session_state.pop(FAULTS, None)
    file = st.session_state.get("many_file")
    if file is None:
        return
    try:
        rows = read_csv(file.getvalue())
    except UnreadableFile as error:
        st.session_state[FAULTS] = error
        return
    st.session_state[FAULTS] = rows.faults
    _start_from(animal_table(rows.animals))
    st.session_state.pop(OUTCOME, None)


def _start_from(table: pd.DataFrame) -> None:
    st.session_state[BASE] = st.session_state[EDITED] = table
    st.session_state.pop(EDITOR, None)


def _show_table() -> AnimalRows:
    if EDITOR not in st.session_state:
        _start_from(st.session_state.get(EDITED, animal_table(list(EXAMPLES.values()))))
    edited = st.data_editor(
        st.session_state[BASE],
        num_rows="dynamic",
        hide_index=True,
        key=EDITOR,
        column_config={feature.name: _editor_column(feature) for feature in FEATURE_DETAILS},
        alt="Table of the animals to classify",
    )
    st.session_state[EDITED] = edited
    rows = read_table(edited)
    if rows.faults:
        _show_faults(rows.faults, f"{counted(len(rows.faults), 'invalid row')} of the table will not be sent")
    return rows


def _editor_column(feature: Feature) -> "ColumnConfig":
    columns = st.column_config
    match feature.kind:
        case Kind.COUNT:
            least, most = int(feature.minimum), int(feature.maximum)
            return columns.NumberColumn(feature.heading, min_value=least, max_value=most, step=1)
        case Kind.MEASURE:
            return columns.NumberColumn(feature.heading, max_value=feature.maximum, format="%.6g")
        case Kind.FLAG:
            # A new row has the value that most examples have.
            default = statistics.mode(bool(getattr(animal, feature.name)) for animal in EXAMPLES.values())
            return columns.CheckboxColumn(feature.heading, default=default)


def _describe_columns() -> str:
    units = [f"{feature.name} in {feature.unit}" if feature.unit else feature.name for feature in FEATURE_DETAILS]
    return f"Columns: {', '.join(units)}. Other columns are ignored."


def _show_faults(faults: list[RowFault], title: str) -> None:
    shown = [f"- Line {fault.line}: {fault.reason}" for fault in faults[:FAULTS_SHOWN]]
    st.warning("\n".join(shown), title=title, icon=":material/warning:")
    if len(faults) > FAULTS_SHOWN:
        st.download_button(
            f"Download all {number(len(faults))}",
            lambda: faults_csv(faults),
            "invalid-lines.csv",
            "text/csv",
            key=f"faults_{title}",
            on_click="ignore",
        )


def _classify(outcome: Outcome, bar: "DeltaGenerator") -> None:
    def report(done: int, total: int) -> None:
        bar.progress(done / total, f"{number(done)} of {number(total)} classified and stored")

    outcome = classify_all(session.client(), outcome, report)
    st.session_state[OUTCOME] = outcome
    forget_history()
    bar.empty()
    if outcome.error is not None:
        session.forget_health()


def _show_predictions(predictions: list[Prediction]) -> None:
    """Show stored predictions in the order in which the animals were sent."""
    frame = prediction_frame(predictions)
    st.subheader("Predictions", anchor=False)
    with st.grid(3, min_column_width=110):
        st.metric("Classified", number(len(frame)), border=True)
        st.metric("Ambiguous", percent((frame["prediction_set"].map(len) > 1).mean()), border=True, help=AMBIGUOUS)
        st.metric("Unknown", percent((frame["species"] == Species.UNKNOWN).mean()), border=True)
    with st.container(border=True):
        st.markdown("**By species**")
        st.altair_chart(species_count_chart(frame), key="many_counts", alt="Predictions by species")
    st.dataframe(
        shown_frame(frame),
        hide_index=True,
        column_config=column_configuration(session.timezone()),
        column_order=SHOWN_COLUMNS,
        key="many_answers",
        alt="The predictions, in the order in which the animals were sent",
    )
    st.download_button(
        "Download the predictions",
        lambda: predictions_csv(predictions),
        "predictions.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
