"""The part of the page *Predict* for many animals: a table to edit or a file to upload, and the answers."""

import pandas as pd
import streamlit as st

from frontend.api.batches import Outcome, classify_all
from frontend.charts.predictions import species_count_chart
from frontend.components import session
from frontend.components.loaded_history import forget_history
from frontend.components.notices import show_error
from frontend.species import EXAMPLES, UNKNOWN
from frontend.tables.animal_rows import (
    MAX_HEIGHT_M,
    MAX_LEGS,
    MAX_WEIGHT_KG,
    AnimalRows,
    RowFault,
    UnreadableFile,
    animal_table,
    read_csv,
    read_table,
)
from frontend.tables.exports import faults_csv, template_csv
from frontend.tables.predictions import column_configuration, prediction_frame, predictions_csv, shown_frame
from frontend.wording import counted, percent
from menagerie.prediction import Prediction

OUTCOME = "many_outcome"
# The editor loses edits when it is fed its own output, so it starts from `BASE` and the edited table is kept beside it.
BASE, EDITED, EDITOR, FAULTS = "many_base", "many_edited", "many_editor", "many_faults"
FAULTS_SHOWN = 10
SHOWN_COLUMNS = ("species", "confidence", "prediction_set", "legs", "height", "weight", "wings", "tail", "id")
IN_DOUBT = "The share whose prediction set holds more than one species."


def show_many_animals(model_version: str | None) -> None:
    """Lay out the file, the table it fills, the button, and what came of it; no version asks the current model."""
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
        if st.button(f"Go on with the remaining {outcome.missing:,}", key="many_go_on", icon=":material/resume:"):
            _classify(outcome, bar)
            st.rerun()
    if outcome.predictions:
        show_many_answers(outcome.predictions)


def _show_upload() -> None:
    with st.container(border=True):
        st.file_uploader(
            "CSV file with one animal a line, metres and kilograms",
            type=["csv", "txt", "tsv"],
            key="many_file",
            on_change=_take_file,
            help="Columns: walks_on_n_legs, height, weight, has_wings, has_tail; others are left alone.",
        )
        st.download_button(
            "Template",
            template_csv,
            "animals.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="A file with one example of each species, to fill in.",
        )
        match st.session_state.get(FAULTS):
            case UnreadableFile() as unreadable:
                st.error(str(unreadable), title="This file cannot be used.", icon=":material/error:")
            case list() as faults if faults:
                _show_faults(faults, f"{counted(len(faults), 'line')} cannot be used; the others are in the table")


def _take_file() -> None:
    """Put the good lines into the table and keep what is wrong with the others."""
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
    columns = st.column_config
    edited = st.data_editor(
        st.session_state[BASE],
        num_rows="dynamic",
        hide_index=True,
        key=EDITOR,
        column_config={
            "walks_on_n_legs": columns.NumberColumn("Legs", min_value=0, max_value=MAX_LEGS, step=1),
            "height": columns.NumberColumn("Height (m)", max_value=MAX_HEIGHT_M, format="%.6g"),
            "weight": columns.NumberColumn("Weight (kg)", max_value=MAX_WEIGHT_KG, format="%.6g"),
            "has_wings": columns.CheckboxColumn("Wings", default=False),
            "has_tail": columns.CheckboxColumn("Tail", default=True),
        },
        alt="The animals to classify, to edit",
    )
    st.session_state[EDITED] = edited
    rows = read_table(edited)
    if rows.faults:
        _show_faults(rows.faults, f"{counted(len(rows.faults), 'row')} of the table will not be sent as it is")
    return rows


def _show_faults(faults: list[RowFault], title: str) -> None:
    shown = [f"- Line {fault.line}: {fault.reason}" for fault in faults[:FAULTS_SHOWN]]
    st.warning("\n".join(shown), title=title, icon=":material/warning:")
    if len(faults) > FAULTS_SHOWN:
        st.download_button(
            f"All {len(faults)} of them",
            lambda: faults_csv(faults),
            "bad-lines.csv",
            "text/csv",
            key=f"faults_{title}",
            on_click="ignore",
        )


def _classify(asked: Outcome, bar: "st.delta_generator.DeltaGenerator") -> None:
    def report(done: int, total: int) -> None:
        bar.progress(done / total, f"{done:,} of {total:,} classified and stored")

    outcome = classify_all(session.client(), asked, report)
    st.session_state[OUTCOME] = outcome
    forget_history()
    bar.empty()
    if outcome.error is not None:
        session.forget_health()


def show_many_answers(predictions: list[Prediction]) -> None:
    """Show answers that have been stored, in the order the animals were sent."""
    frame = prediction_frame(predictions)
    st.subheader("The model's answers", anchor=False)
    with st.grid(3, min_column_width=110):
        st.metric("Classified", f"{len(frame):,}", border=True)
        st.metric("In doubt", percent((frame["prediction_set"].map(len) > 1).mean()), border=True, help=IN_DOUBT)
        st.metric("Unknown", percent((frame["species"] == UNKNOWN).mean()), border=True)
    with st.container(border=True):
        st.markdown("**By species**")
        st.altair_chart(species_count_chart(frame), key="many_counts", alt="Answers by species")
    st.dataframe(
        shown_frame(frame),
        hide_index=True,
        column_config=column_configuration(session.timezone()),
        column_order=SHOWN_COLUMNS,
        key="many_answers",
        alt="The answers, in the order the animals were sent",
    )
    st.download_button(
        "Download the answers",
        lambda: predictions_csv(predictions),
        "predictions.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
