"""The answers to many animals: figures, counts, a table and a file."""

import streamlit as st

from frontend.api.contract import Prediction
from frontend.charts.species import species_count_chart
from frontend.components import session
from frontend.species import UNKNOWN
from frontend.tables.exports import predictions_csv
from frontend.tables.predictions import column_configuration, prediction_frame, shown_frame
from frontend.wording import percent

SHOWN_COLUMNS = ("species", "confidence", "prediction_set", "legs", "height", "weight", "wings", "tail", "id")

IN_DOUBT = "The share whose prediction set holds more than one species."


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
