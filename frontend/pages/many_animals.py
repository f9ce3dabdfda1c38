"""The part of the page *Predict* for many animals: a table to edit, a file to upload, and the predictions."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from frontend.api.batches import Outcome, classify_all
from frontend.api.data_service import AnimalRows
from frontend.charts.predictions import species_count_chart
from frontend.components import session
from frontend.components.loaded_history import clear_history
from frontend.components.notices import show_error
from frontend.tables.animals import (
    animal_table,
    describe_columns,
    editor_columns,
    read_csv,
    read_table,
    refusals_csv,
    template_csv,
)
from frontend.tables.predictions import column_configuration, prediction_frame, predictions_csv, shown_frame
from frontend.wording import counted, number, percent
from menagerie.animal import EXAMPLES, FEATURES, Species
from menagerie.animal_file import Refusal
from menagerie.errors import InvalidInput
from menagerie.prediction import Prediction

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

OUTCOME = "many_outcome"
# The editor loses edits when its own output is its input, so it starts from `BASE` and the edited table is kept apart.
BASE, EDITED, EDITOR, REFUSALS = "many_base", "many_edited", "many_editor", "many_refusals"
REFUSALS_SHOWN = 10
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
            help=describe_columns(),
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
        match st.session_state.get(REFUSALS):
            case InvalidInput() as unreadable:
                st.error(str(unreadable), title="The file cannot be read.", icon=":material/error:")
            case list() as refusals if refusals:
                _show_refusals(refusals, f"{counted(len(refusals), 'invalid line')}; the others are in the table")


def _take_file() -> None:
    """Put the valid rows of the uploaded file into the table and keep the errors of the others."""
    st.session_state.pop(REFUSALS, None)
    file = st.session_state.get("many_file")
    if file is None:
        return
    try:
        rows = read_csv(file.getvalue())
    except InvalidInput as error:
        st.session_state[REFUSALS] = error
        return
    st.session_state[REFUSALS] = rows.refusals
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
        column_config=editor_columns(),
        alt="Table of the animals to classify",
    )
    st.session_state[EDITED] = edited
    rows = read_table(edited)
    if rows.refusals:
        _show_refusals(rows.refusals, f"{counted(len(rows.refusals), 'invalid row')} of the table will not be sent")
    return rows


def _show_refusals(refusals: list[Refusal], title: str) -> None:
    shown = [f"- Line {refusal.line}: {refusal.reason}" for refusal in refusals[:REFUSALS_SHOWN]]
    st.warning("\n".join(shown), title=title, icon=":material/warning:")
    if len(refusals) > REFUSALS_SHOWN:
        st.download_button(
            f"Download all {number(len(refusals))}",
            lambda: refusals_csv(refusals),
            "invalid-lines.csv",
            "text/csv",
            key=f"refusals_{title}",
            on_click="ignore",
        )


def _classify(outcome: Outcome, bar: "DeltaGenerator") -> None:
    def report(done: int, total: int) -> None:
        bar.progress(done / total, f"{number(done)} of {number(total)} classified and stored")

    outcome = classify_all(session.client(), outcome, report)
    st.session_state[OUTCOME] = outcome
    clear_history()
    bar.empty()
    if outcome.error is not None:
        session.clear_health()


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
